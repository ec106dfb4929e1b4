// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Reads PEM files and makes TLS contexts of them. A fault names the file.
public final class PemFiles {

    private static final char[] NO_PASSWORD = {};

    /// Tried in turn, as a PKCS #8 key says of itself which it is.
    private static final List<String> KEY_ALGORITHMS = List.of("EC", "RSA", "EdDSA", "RSASSA-PSS");

    private PemFiles() {}

    /// A context for a server that shows `files` to its peers.
    ///
    /// @throws IOException if a file cannot be used
    public static SSLContext serverContext(TlsFiles files) throws IOException {
        List<X509Certificate> chain = certificates(files.certificate());
        PrivateKey key = privateKey(files.key());
        try {
            // Never leaves the memory: PKCS #12 would encrypt the key with 10,000 rounds, at each start.
            KeyStore store = KeyStore.getInstance("JKS");
            store.load(null, null);
            store.setKeyEntry("server", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(files.certificate() + ": cannot be used for TLS: " + e.getMessage(), e);
        }
    }

    /// A context for a client that trusts the certificates of `authorities` only.
    public static SSLContext clientContext(Path authorities) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            int number = 0;
            for (X509Certificate certificate : certificates(authorities)) {
                store.setCertificateEntry("ca-" + number++, certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(authorities + ": cannot be used for TLS: " + e.getMessage(), e);
        }
    }

    /// Makes sure that two files fit each other, which those of a configuration may not.
    ///
    /// @throws IOException if a file cannot be used or the key is not that of the first certificate
    public static void checkPair(TlsFiles files) throws IOException {
        X509Certificate certificate = certificates(files.certificate()).getFirst();
        if (!belong(privateKey(files.key()), certificate.getPublicKey())) {
            throw new IOException(files.key() + ": is not the key of the first certificate in " + files.certificate());
        }
    }

    /// All certificates of a file, at least one.
    public static List<X509Certificate> certificates(Path file) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (PemPart part : PemPart.read(file)) {
            if (part.label().equals("CERTIFICATE") || part.label().equals("X509 CERTIFICATE")) {
                try {
                    certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(der(part, file))));
                } catch (CertificateException e) {
                    throw new IOException(file + ": has a certificate that cannot be read: " + e.getMessage(), e);
                }
            }
        }
        if (certificates.isEmpty()) {
            throw new IOException(file + ": has no certificate in PEM form");
        }
        return certificates;
    }

    /// The private key of a file: PKCS #8, or the older forms for RSA and EC keys.
    public static PrivateKey privateKey(Path file) throws IOException {
        for (PemPart part : PemPart.read(file)) {
            switch (part.label()) {
                case "PRIVATE KEY" -> {
                    return privateKey(der(part, file), file);
                }
                case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> {
                    return oldPrivateKey(part, file);
                }
                case "ENCRYPTED PRIVATE KEY" -> throw encrypted(file);
                default -> {
                    // Parameters of a curve, or the certificate in the same file.
                }
            }
        }
        throw new IOException(file + ": has no private key in PEM form");
    }

    private static PrivateKey privateKey(byte[] der, Path file) throws IOException {
        List<String> causes = new ArrayList<>();
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (InvalidKeySpecException e) {
                causes.add(algorithm + ": " + e.getMessage());
            } catch (GeneralSecurityException e) {
                throw new IOException(file + ": has a private key that cannot be read: " + e.getMessage(), e);
            }
        }
        throw new IOException(file + ": has a private key that cannot be read: " + causes);
    }

    private static PrivateKey oldPrivateKey(PemPart part, Path file) throws IOException {
        Optional<PrivateKey> key;
        try {
            key = OldKeyForms.read(part);
        } catch (IOException e) {
            throw new IOException(file + ": has a private key that cannot be read: " + e.getMessage(), e);
        }
        return key.orElseThrow(() -> encrypted(file));
    }

    private static IOException encrypted(Path file) {
        return new IOException(file + ": the private key is encrypted; store it without a password");
    }

    private static byte[] der(PemPart part, Path file) throws IOException {
        try {
            return part.der();
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": cannot be read as PEM: " + e.getMessage(), e);
        }
    }

    private static boolean belong(PrivateKey privateKey, PublicKey publicKey) {
        String algorithm = switch (privateKey.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC", "ECDSA" -> "SHA256withECDSA";
            default -> privateKey.getAlgorithm();
        };
        try {
            byte[] sample = {1, 2, 3};
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(privateKey);
            signature.update(sample);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(sample);
            return signature.verify(signed);
        } catch (GeneralSecurityException _) {
            // Keys of different kinds do not even fit the same algorithm.
            return false;
        }
    }
}
