// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.presence;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.journal.FactFile;
import org.upwell.gateway.journal.FactText;
import org.upwell.gateway.presence.Presence.Word;

/// What was to be told of each device and to whom something was told, over restarts: without it a device that falls
/// silent while no gateway runs would be online for ever. Guarded by the lock of [Presence], but for the writer's
/// thread.
final class PresenceFile implements AutoCloseable {

    /// @param tenants under whose topics something is retained, or may be
    record Told(Word word, Set<String> tenants) {}

    private static final byte STATE = 1;
    /// Of earlier versions: the only tenant that was told, empty for none.
    private static final byte TENANT = 2;
    private static final byte FORGOTTEN = 3;
    private static final byte TOLD = 4;
    private static final byte CLEARED = 5;
    private static final long COMPACT_ABOVE_BYTES = 16 << 20;

    private Map<Mac, Told> left = new HashMap<>();
    private final FactFile facts;

    private PresenceFile(Path file, Supplier<Map<Mac, Told>> known) throws IOException {
        this.facts = FactFile.open(file, COMPACT_ABOVE_BYTES, new FactFile.State() {
            @Override
            public void fold(ByteBuffer fact) {
                PresenceFile.this.fold(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                known.get().forEach((mac, told) -> {
                    into.accept(stateFact(mac, told.word));
                    told.tenants.forEach(tenant -> into.accept(tenantFact(TOLD, mac, tenant)));
                });
            }
        });
    }

    /// @param known what is to be remembered at any moment
    static PresenceFile open(Path file, Supplier<Map<Mac, Told>> known) throws IOException {
        return new PresenceFile(file, known);
    }

    /// What an earlier process left; once.
    Map<Mac, Told> takeLeft() {
        Map<Mac, Told> taken = left;
        left = Map.of();
        return taken;
    }

    void state(Mac mac, Word word) {
        facts.note(stateFact(mac, word));
    }

    /// To be called before the tenant is told: what is retained under its topic must not be forgotten.
    ///
    /// @return completes when it is written
    CompletionStage<@Nullable Void> told(Mac mac, String tenant) {
        return facts.append(tenantFact(TOLD, mac, tenant), FactFile.Keeping.WRITTEN);
    }

    /// Nothing is retained under the tenant's topic any more.
    void cleared(Mac mac, String tenant) {
        facts.note(tenantFact(CLEARED, mac, tenant));
    }

    void forgotten(Mac mac) {
        facts.note(ByteBuffer.allocate(9).put(FORGOTTEN).putLong(mac.bits()).array());
    }

    private void fold(ByteBuffer fact) {
        byte kind = fact.get();
        Mac mac = new Mac(fact.getLong());
        Told before = left.get(mac);
        switch (kind) {
            case STATE -> left.put(mac, new Told(word(fact), before == null ? Set.of() : before.tenants));
            case TENANT, TOLD, CLEARED -> {
                String tenant = FactText.read(fact);
                if (before != null) {
                    left.put(mac, new Told(before.word, tenants(kind, before.tenants, tenant)));
                }
            }
            case FORGOTTEN -> left.remove(mac);
            default -> throw new IllegalArgumentException("kind " + kind + " is not known");
        }
    }

    private static Set<String> tenants(byte kind, Set<String> before, String tenant) {
        Set<String> now = new HashSet<>(kind == TENANT ? Set.of() : before);
        if (kind == CLEARED) {
            now.remove(tenant);
        } else if (!tenant.isEmpty()) {
            // The few tenants are shared by all devices.
            now.add(tenant.intern());
        }
        return Set.copyOf(now);
    }

    private static Word word(ByteBuffer fact) {
        String state = FactText.read(fact).intern();
        String cause = FactText.read(fact).intern();
        Instant since = Instant.ofEpochSecond(fact.getLong(), fact.getInt());
        int port = fact.getShort() & 0xffff;
        InetAddress address = FactText.address(fact, fact.remaining());
        return new Word(state, new InetSocketAddress(address, port), since, cause);
    }

    private static byte[] stateFact(Mac mac, Word word) {
        byte[] state = word.state().getBytes(StandardCharsets.UTF_8);
        byte[] cause = word.cause().getBytes(StandardCharsets.UTF_8);
        byte[] address = word.address().getAddress().getAddress();
        int texts = FactText.room(state) + FactText.room(cause);
        ByteBuffer fact = ByteBuffer.allocate(9 + texts + 12 + 2 + address.length);
        fact.put(STATE).putLong(mac.bits());
        FactText.put(fact, state);
        FactText.put(fact, cause);
        Instant since = word.since();
        fact.putLong(since.getEpochSecond()).putInt(since.getNano());
        return fact.putShort((short) word.address().getPort()).put(address).array();
    }

    private static byte[] tenantFact(byte kind, Mac mac, String tenant) {
        byte[] name = tenant.getBytes(StandardCharsets.UTF_8);
        ByteBuffer fact = ByteBuffer.allocate(9 + FactText.room(name)).put(kind).putLong(mac.bits());
        return FactText.put(fact, name).array();
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }
}
