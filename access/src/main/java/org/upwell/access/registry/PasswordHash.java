// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/// An Argon2id hash in its usual text form, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. Immutable.
///
/// Making and checking one takes tens of milliseconds and the memory that it names: never on an event loop.
public final class PasswordHash {

    /// In bytes; longer ones are refused before any work is done for them.
    public static final int MAX_PASSWORD_BYTES = 1024;

    private static final int MEMORY_KIB = 19 * 1024;
    private static final int PASSES = 2;
    private static final int LANES = 1;
    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;

    /// Hashes from elsewhere may cost more, but not so much that one login stops the server.
    private static final int MAX_MEMORY_KIB = 256 * 1024;

    private static final int MAX_PASSES = 16;

    private static final Pattern FORM = Pattern.compile(
            "\\$argon2id\\$v=19\\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]?),p=([1-9])\\$([A-Za-z0-9+/]+)\\$([A-Za-z0-9+/]+)");

    private static final SecureRandom RANDOM = new SecureRandom();

    private final String text;
    private final int memoryKib;
    private final int passes;
    private final int lanes;
    private final byte[] salt;
    private final byte[] hash;

    private PasswordHash(String text, int memoryKib, int passes, int lanes, byte[] salt, byte[] hash) {
        this.text = text;
        this.memoryKib = memoryKib;
        this.passes = passes;
        this.lanes = lanes;
        this.salt = salt;
        this.hash = hash;
    }

    /// Hashes a new password with a salt of its own.
    public static PasswordHash of(byte[] password) {
        byte[] salt = new byte[SALT_BYTES];
        RANDOM.nextBytes(salt);
        byte[] hash = derive(password, salt, HASH_BYTES, MEMORY_KIB, PASSES, LANES);
        Base64.Encoder encoder = Base64.getEncoder().withoutPadding();
        String text = "$argon2id$v=19$m=" + MEMORY_KIB + ",t=" + PASSES + ",p=" + LANES + "$"
                + encoder.encodeToString(salt) + "$" + encoder.encodeToString(hash);
        return new PasswordHash(text, MEMORY_KIB, PASSES, LANES, salt, hash);
    }

    /// Reads the text form.
    ///
    /// @throws IllegalArgumentException if it is not one, or one that would cost too much to check
    public static PasswordHash parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("password hash is not of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash");
        }
        int memoryKib = Integer.parseInt(form.group(1));
        int passes = Integer.parseInt(form.group(2));
        int lanes = Integer.parseInt(form.group(3));
        if (memoryKib < 8 * lanes || memoryKib > MAX_MEMORY_KIB || passes > MAX_PASSES) {
            throw new IllegalArgumentException("password hash wants m=" + memoryKib + ", t=" + passes
                    + "; allowed are m up to " + MAX_MEMORY_KIB + " and t up to " + MAX_PASSES);
        }
        byte[] salt = Base64.getDecoder().decode(form.group(4));
        byte[] hash = Base64.getDecoder().decode(form.group(5));
        if (salt.length < 8 || hash.length < 16 || hash.length > 64) {
            throw new IllegalArgumentException("password hash has a salt or hash of unusual length");
        }
        return new PasswordHash(text, memoryKib, passes, lanes, salt, hash);
    }

    /// Compares in constant time.
    public boolean matches(byte[] password) {
        return MessageDigest.isEqual(hash, derive(password, salt, hash.length, memoryKib, passes, lanes));
    }

    private static byte[] derive(byte[] password, byte[] salt, int bytes, int memoryKib, int passes, int lanes) {
        Argon2BytesGenerator generator = new Argon2BytesGenerator();
        generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(memoryKib)
                .withIterations(passes)
                .withParallelism(lanes)
                .withSalt(salt)
                .build());
        byte[] hash = new byte[bytes];
        generator.generateBytes(password, hash);
        return hash;
    }

    /// The form for the users file.
    String text() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PasswordHash that && that.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /// Never shows the hash.
    @Override
    public String toString() {
        return "argon2id";
    }
}
