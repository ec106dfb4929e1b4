// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import java.io.IOException;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Fields;
import org.upwell.access.file.Node;
import org.upwell.access.file.SharedDirectory;
import org.upwell.access.file.SharedFile;

/// The keys that sign our tokens, kept in `signing-keys.json`, which only its owner may read. Earlier keys stay for
/// tokens that were signed with them. Processes that share the directory share the keys. Safe for all threads.
public final class SigningKeys {

    private static final int FORMAT = 1;

    /// A token lives for an hour, so more earlier keys than this are of no use.
    private static final int MAX_KEYS = 5;

    /// The newest key, ready to sign.
    record Signing(String id, SigningAlgorithm algorithm, JWSSigner signer) {}

    /// The content of the file, newest key first.
    ///
    /// @param signing the newest key for each algorithm, since processes that share the keys may be set to
    ///     different ones
    private record Ring(
            List<JWK> keys, Map<SigningAlgorithm, Signing> signing, List<VerifyingKey> verifying, String publicJson) {
        static final Ring EMPTY = new Ring(List.of(), Map.of(), List.of(), "{\"keys\":[]}");
    }

    private final SharedFile<Ring> file;
    private final SigningAlgorithm algorithm;

    private SigningKeys(SharedFile<Ring> file, SigningAlgorithm algorithm) {
        this.file = file;
        this.algorithm = algorithm;
    }

    /// Reads the keys, and makes one for `algorithm` if there is none.
    public static SigningKeys open(SharedDirectory directory, SigningAlgorithm algorithm) throws IOException {
        SigningKeys keys = new SigningKeys(
                directory.shared("signing-keys.json", SigningKeys::parse, SigningKeys::write, Ring.EMPTY), algorithm);
        keys.file.update(ring -> ring.signing().containsKey(algorithm) ? ring : withNewKey(ring, algorithm));
        return keys;
    }

    /// Signs with a new key from now on.
    public void rotate() throws IOException {
        file.update(ring -> withNewKey(ring, algorithm));
    }

    /// The public keys as a JSON Web Key Set (RFC 7517 §5).
    public String publicJson() {
        return file.value().publicJson();
    }

    Signing signing() {
        Signing signing = file.value().signing().get(algorithm);
        if (signing == null) {
            throw new IllegalStateException("a key is made when the file is opened, and the newest is never removed");
        }
        return signing;
    }

    List<VerifyingKey> verifying() {
        return file.value().verifying();
    }

    private static Ring withNewKey(Ring ring, SigningAlgorithm algorithm) throws IOException {
        try {
            List<JWK> keys = new ArrayList<>();
            keys.add(algorithm.generate());
            keys.addAll(ring.keys());
            return ring(kept(keys));
        } catch (JOSEException e) {
            throw new IOException("cannot make a key for " + algorithm, e);
        }
    }

    /// The first few, and the newest for each algorithm in any case.
    private static List<JWK> kept(List<JWK> newestFirst) {
        List<JWK> kept = new ArrayList<>();
        Set<Object> algorithms = new HashSet<>();
        for (JWK key : newestFirst) {
            boolean isNewest = algorithms.add(key.getKeyType());
            if (isNewest || kept.size() < MAX_KEYS) {
                kept.add(key);
            }
        }
        return kept;
    }

    private static Ring ring(List<JWK> keys) throws JOSEException {
        if (keys.isEmpty()) {
            return Ring.EMPTY;
        }
        List<VerifyingKey> verifying = new ArrayList<>();
        Map<SigningAlgorithm, Signing> signing = new EnumMap<>(SigningAlgorithm.class);
        for (JWK key : keys) {
            VerifyingKey half = VerifyingKey.of(key)
                    .orElseThrow(() -> new JOSEException("key " + key.getKeyID() + " is not for RS256 or ES256"));
            verifying.add(half);
            if (!signing.containsKey(half.algorithm())) {
                JWSSigner signer = key instanceof RSAKey rsa ? new RSASSASigner(rsa) : new ECDSASigner((ECKey) key);
                signing.put(half.algorithm(), new Signing(key.getKeyID(), half.algorithm(), signer));
            }
        }
        return new Ring(
                List.copyOf(keys),
                Map.copyOf(signing),
                List.copyOf(verifying),
                new JWKSet(keys).toPublicJWKSet().toString());
    }

    private static Ring parse(byte[] content, Faults faults) {
        Fields root = Fields.root(Documents.json(content, faults), FORMAT, faults);
        List<Node> items = root.items("keys");
        root.finish();
        if (items.isEmpty() && faults.isEmpty()) {
            faults.add(root.line("keys"), "there is no key");
        }
        List<JWK> keys = new ArrayList<>();
        for (Node item : items) {
            try {
                JWK key = JWK.parse(members(item));
                if (!key.isPrivate() || key.getKeyID() == null) {
                    faults.add(item.line(), "the key must have its private part and an ID");
                }
                keys.add(key);
            } catch (ParseException e) {
                faults.add(item.line(), "not a JSON Web Key: " + e.getMessage());
            }
        }
        try {
            return faults.isEmpty() ? ring(keys) : Ring.EMPTY;
        } catch (JOSEException e) {
            faults.add(root.line("keys"), String.valueOf(e.getMessage()));
            return Ring.EMPTY;
        }
    }

    private static Map<String, Object> members(Node node) {
        Map<String, Object> members = new HashMap<>();
        if (node instanceof Node.Mapping mapping) {
            mapping.entries().forEach((name, entry) -> {
                if (entry.value() instanceof Node.Scalar scalar) {
                    members.put(name, scalar.text());
                }
            });
        }
        return members;
    }

    private static byte[] write(Ring ring) {
        return Documents.writeJson(json -> {
            json.writeNumberProperty("format", FORMAT);
            json.writeName("keys");
            json.writeStartArray();
            for (JWK key : ring.keys()) {
                json.writeStartObject();
                key.toJSONObject().forEach((name, value) -> json.writeStringProperty(name, value.toString()));
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }
}
