// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.upwell.access.RecentMap;
import org.upwell.access.registry.PasswordHash;

/// Remembers for a short while which passwords were right, so that a client that connects again soon does not cost
/// an Argon2 hash. Keeps no password but a keyed hash of it, whose key dies with the process; an entry is worth
/// nothing once the user's hash is another. Safe for all threads.
final class LoginCache {

    static final Duration LIFE = Duration.ofMinutes(5);
    private static final int MAX_KEPT = 10_000;
    private static final String ALGORITHM = "HmacSHA256";

    private record Entry(PasswordHash verified, long endNanos) {}

    private final SecretKeySpec key;
    private final LongSupplier nanoClock;
    private final RecentMap<String, Entry> entries = new RecentMap<>(MAX_KEPT);

    LoginCache(LongSupplier nanoClock) {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        this.key = new SecretKeySpec(random, ALGORITHM);
        this.nanoClock = nanoClock;
    }

    /// True if `password` was found right for `userName` not long ago, while the user's hash was `current`.
    boolean holds(String userName, byte[] password, PasswordHash current) {
        Entry entry = entries.get(digest(userName, password));
        return entry != null && entry.verified().equals(current) && entry.endNanos() - nanoClock.getAsLong() > 0;
    }

    void remember(String userName, byte[] password, PasswordHash verified) {
        entries.put(digest(userName, password), new Entry(verified, nanoClock.getAsLong() + LIFE.toNanos()));
    }

    private String digest(String userName, byte[] password) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            byte[] name = userName.getBytes(StandardCharsets.UTF_8);
            // The length keeps name and password from running into each other.
            mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, name.length));
            mac.update(name);
            return Base64.getEncoder().encodeToString(mac.doFinal(password));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }
}
