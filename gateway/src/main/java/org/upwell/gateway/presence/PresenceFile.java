// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.presence;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.journal.FactFile;
import org.upwell.gateway.presence.Presence.Word;

/// What was to be told of each device and to whom something was told, over restarts: without it a device that falls
/// silent while no gateway runs would be online for ever. Guarded by the lock of [Presence], but for the writer's
/// thread.
final class PresenceFile implements AutoCloseable {

    /// @param tenant under whose topic something is retained; null if nothing is
    record Told(Word word, @Nullable String tenant) {}

    private static final byte STATE = 1;
    private static final byte TENANT = 2;
    private static final byte FORGOTTEN = 3;
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
                    into.accept(tenantFact(mac, told.tenant));
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

    void told(Mac mac, @Nullable String tenant) {
        facts.note(tenantFact(mac, tenant));
    }

    void forgotten(Mac mac) {
        facts.note(ByteBuffer.allocate(9).put(FORGOTTEN).putLong(mac.bits()).array());
    }

    private void fold(ByteBuffer fact) {
        byte kind = fact.get();
        Mac mac = new Mac(fact.getLong());
        Told before = left.get(mac);
        switch (kind) {
            case STATE -> left.put(mac, new Told(word(fact), before == null ? null : before.tenant));
            case TENANT -> {
                String tenant = text(fact);
                if (before != null) {
                    left.put(mac, new Told(before.word, tenant.isEmpty() ? null : tenant));
                }
            }
            case FORGOTTEN -> left.remove(mac);
            default -> throw new IllegalArgumentException("kind " + kind + " is not known");
        }
    }

    private static Word word(ByteBuffer fact) {
        String state = text(fact).intern();
        String cause = text(fact).intern();
        Instant since = Instant.ofEpochSecond(fact.getLong(), fact.getInt());
        int port = fact.getShort() & 0xffff;
        byte[] address = new byte[fact.remaining()];
        fact.get(address);
        try {
            return new Word(state, new InetSocketAddress(InetAddress.getByAddress(address), port), since, cause);
        } catch (UnknownHostException fault) {
            throw new IllegalArgumentException("an address has " + address.length + " bytes", fault);
        }
    }

    private static byte[] stateFact(Mac mac, Word word) {
        byte[] state = word.state().getBytes(StandardCharsets.UTF_8);
        byte[] cause = word.cause().getBytes(StandardCharsets.UTF_8);
        byte[] address = word.address().getAddress().getAddress();
        ByteBuffer fact = ByteBuffer.allocate(9 + 2 + state.length + 2 + cause.length + 12 + 2 + address.length);
        fact.put(STATE).putLong(mac.bits());
        fact.putShort((short) state.length).put(state);
        fact.putShort((short) cause.length).put(cause);
        Instant since = word.since();
        fact.putLong(since.getEpochSecond()).putInt(since.getNano());
        return fact.putShort((short) word.address().getPort()).put(address).array();
    }

    private static byte[] tenantFact(Mac mac, @Nullable String tenant) {
        byte[] name = (tenant == null ? "" : tenant).getBytes(StandardCharsets.UTF_8);
        ByteBuffer fact = ByteBuffer.allocate(9 + 2 + name.length).put(TENANT);
        return fact.putLong(mac.bits()).putShort((short) name.length).put(name).array();
    }

    private static String text(ByteBuffer fact) {
        byte[] bytes = new byte[fact.getShort() & 0xffff];
        fact.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }
}
