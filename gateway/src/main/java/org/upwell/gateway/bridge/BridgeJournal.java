// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.Mac;
import org.upwell.client.InFlightStore;
import org.upwell.codec.DecodeException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.gateway.journal.FactFile;
import org.upwell.gateway.journal.FactFile.Keeping;
import org.upwell.gateway.journal.FactText;

/// What the bridge must know after a restart, however it ended: which messages are in flight under which packet
/// ids, and which notifications were published. One file for all links, so that they share each sync. Safe for all
/// threads.
///
/// Why this is enough for exactly once: before PUBLISH leaves, one fact holds the message, its packet id and the
/// device's number. After a restart the session goes on with the same packet ids, so the broker can tell a repeat;
/// and a device that sends the notification again meets a claim that is under way, or a number that was published.
/// At QoS 2 facts are synced, because a broker takes a packet id that we forgot and give out again for a repeat,
/// and swallows it. At QoS 1 they are only written: after a power cut a message may come twice there, but none is
/// lost. At QoS 0 the number is written before PUBLISH, and taken back if that fails.
public final class BridgeJournal implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BridgeJournal.class);

    private static final byte PUT = 1;
    private static final byte RELEASED = 2;
    private static final byte ENDED = 3;
    private static final byte SERIES = 4;
    private static final byte FORGOTTEN = 5;

    private static final long COMPACT_ABOVE_BYTES = 64 << 20;
    private static final int MAX_PACKET_BYTES = 1 << 24;

    private final RepeatWindow window = new RepeatWindow();
    private final Map<String, Map<Integer, Entry>> inFlight = new HashMap<>();
    private long nextOrder;
    private final FactFile facts;

    /// A message in flight.
    ///
    /// @param order of sending, over all links
    /// @param id null for a message that no device numbered
    /// @param outcome for those of an earlier process; nobody else hears of their end
    private record Entry(
            long order,
            Publish publish,
            @Nullable NotificationId id,
            boolean released,
            @Nullable CompletableFuture<ReasonCode> outcome) {}

    /// Opens `file`, or makes it.
    ///
    /// @throws IOException naming the file
    public static BridgeJournal open(Path file) throws IOException {
        return new BridgeJournal(file, COMPACT_ABOVE_BYTES);
    }

    BridgeJournal(Path file, long compactAboveBytes) throws IOException {
        this.facts = FactFile.open(file, compactAboveBytes, new FactFile.State() {
            @Override
            public void fold(ByteBuffer fact) {
                BridgeJournal.this.fold(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                BridgeJournal.this.snapshot(into);
            }
        });
        claimWhatIsLeft();
    }

    RepeatWindow window() {
        return window;
    }

    /// False once the file could not be written; then nothing is published any more.
    public boolean isWritable() {
        return facts.isWritable();
    }

    /// The part of one link, by its client id.
    public LinkStore store(String clientId) {
        return new LinkStore(clientId);
    }

    /// Takes a notification as published before it is: for QoS 0, where nobody will tell.
    CompletionStage<@Nullable Void> note(NotificationId id) {
        window.add(id);
        return facts.append(series(id.mac(), id.sensorUri(), id.boot(), id.sequence(), 1), Keeping.WRITTEN);
    }

    /// Takes [#note] back.
    void forget(NotificationId id) {
        window.forget(id);
        facts.note(series(FORGOTTEN, id.mac(), id.sensorUri(), id.boot(), id.sequence(), 0));
    }

    /// Ends what is in flight on links that are not there any more. Nobody would ever end it otherwise, and its
    /// devices, whose repeats wait for that end, would be held up for ever. Now they send it again themselves, but
    /// not what was released: the broker said by PUBREC that it has that. It passes it on without PUBREL, which
    /// nobody sends any more, only if it does so at PUBLISH (MQTT 5 §4.3.3, either way is allowed). Ours does; with
    /// one that waits for PUBREL what was released is lost.
    ///
    /// @param opened the client ids of all links that there are
    public void endAllBut(Set<String> opened) {
        List<Entry> ended = new ArrayList<>();
        synchronized (this) {
            for (String link : List.copyOf(inFlight.keySet())) {
                if (!opened.contains(link)) {
                    Map<Integer, Entry> gone = Map.copyOf(ofLink(link));
                    gone.forEach((packetId, entry) -> {
                        ended(link, packetId, entry.order, entry.released);
                        facts.note(event(ENDED, link, packetId, entry.order, entry.released));
                    });
                    inFlight.remove(link);
                    ended.addAll(gone.values());
                    LOG.info("{} messages in flight of {} are left to their devices' repeats", gone.size(), link);
                }
            }
        }
        ended.forEach(entry -> settle(entry, entry.released));
    }

    private void settle(Entry entry, boolean delivered) {
        if (entry.outcome == null) {
            return;
        }
        if (entry.id != null) {
            window.settle(entry.id, delivered);
        }
        if (delivered) {
            entry.outcome.complete(ReasonCode.SUCCESS);
        } else {
            entry.outcome.completeExceptionally(new BrokerUnavailableException(BrokerUnavailableException.Cause.AWAY));
        }
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }

    private synchronized void claimWhatIsLeft() {
        inFlight.values()
                .forEach(ofLink -> ofLink.replaceAll((_, entry) -> {
                    nextOrder = Math.max(nextOrder, entry.order + 1);
                    CompletableFuture<ReasonCode> outcome = new CompletableFuture<>();
                    if (entry.id != null) {
                        window.claim(entry.id, outcome);
                    }
                    return new Entry(entry.order, entry.publish, entry.id, entry.released, outcome);
                }));
    }

    private synchronized void fold(ByteBuffer fact) {
        byte kind = fact.get();
        switch (kind) {
            case PUT -> {
                String link = FactText.read(fact);
                Entry entry = entry(fact);
                ofLink(link).put(entry.publish.packetId(), entry);
            }
            case RELEASED -> released(FactText.read(fact), fact.getInt(), fact.getLong());
            case ENDED -> ended(FactText.read(fact), fact.getInt(), fact.getLong(), fact.get() != 0);
            case SERIES ->
                window.merge(
                        new Mac(fact.getLong()), FactText.read(fact), fact.getLong(), fact.getLong(), fact.getLong());
            case FORGOTTEN ->
                window.forget(new NotificationId(
                        new Mac(fact.getLong()), FactText.read(fact), fact.getLong(), fact.getLong()));
            default -> throw new IllegalArgumentException("kind " + kind + " is not known");
        }
    }

    private void snapshot(Consumer<byte[]> into) {
        List<byte[]> left = new ArrayList<>();
        synchronized (this) {
            inFlight.forEach((link, entries) -> entries.forEach((packetId, entry) -> {
                left.add(put(link, entry));
                if (entry.released) {
                    left.add(event(RELEASED, link, packetId, entry.order, false));
                }
            }));
        }
        left.forEach(into);
        // After those in flight: what ends in between is in both, and not in neither.
        window.forEach((mac, uri, boot, highest, published) -> into.accept(series(mac, uri, boot, highest, published)));
    }

    private Map<Integer, Entry> ofLink(String link) {
        return inFlight.computeIfAbsent(link, _ -> new HashMap<>());
    }

    // The order tells messages apart that had the same packet id one after the other: behind a snapshot that has the
    // later one already, there may still be facts about the earlier.

    private void released(String link, int packetId, long order) {
        Entry entry = ofLink(link).get(packetId);
        if (entry != null && entry.order == order) {
            ofLink(link).put(packetId, new Entry(order, entry.publish, entry.id, true, entry.outcome));
        }
    }

    private void ended(String link, int packetId, long order, boolean delivered) {
        Entry entry = ofLink(link).get(packetId);
        if (entry != null && entry.order == order) {
            if (entry.id != null && delivered) {
                // Before the entry goes, so that a snapshot never misses both.
                window.add(entry.id);
            }
            ofLink(link).remove(packetId);
        }
    }

    private static byte[] series(Mac mac, String uri, long boot, long highest, long published) {
        return series(SERIES, mac, uri, boot, highest, published);
    }

    private static byte[] series(byte kind, Mac mac, String uri, long boot, long highest, long published) {
        byte[] name = uri.getBytes(StandardCharsets.UTF_8);
        ByteBuffer fact = ByteBuffer.allocate(1 + 8 + FactText.room(name) + 24).put(kind);
        FactText.put(fact.putLong(mac.bits()), name);
        return fact.putLong(boot).putLong(highest).putLong(published).array();
    }

    private static byte[] event(byte kind, String link, int packetId, long order, boolean delivered) {
        byte[] name = link.getBytes(StandardCharsets.UTF_8);
        ByteBuffer fact = ByteBuffer.allocate(1 + FactText.room(name) + 13).put(kind);
        FactText.put(fact, name).putInt(packetId).putLong(order);
        return fact.put((byte) (delivered ? 1 : 0)).array();
    }

    private static byte[] put(String link, Entry entry) {
        byte[] name = link.getBytes(StandardCharsets.UTF_8);
        byte[] uri = entry.id == null ? new byte[0] : entry.id.sensorUri().getBytes(StandardCharsets.UTF_8);
        int packetBytes = PacketEncoder.encodedBytes(entry.publish, MqttVersion.MQTT_5);
        ByteBuffer fact = ByteBuffer.allocate(1 + FactText.room(name) + 8 + 1 + 24 + FactText.room(uri) + packetBytes);
        FactText.put(fact.put(PUT), name).putLong(entry.order);
        NotificationId id = entry.id;
        fact.put((byte) (id == null ? 0 : 1));
        fact.putLong(id == null ? 0 : id.mac().bits());
        fact.putLong(id == null ? 0 : id.boot());
        fact.putLong(id == null ? 0 : id.sequence());
        FactText.put(fact, uri);
        ByteBuf packet = Unpooled.wrappedBuffer(fact.array(), fact.position(), packetBytes)
                .writerIndex(0);
        PacketEncoder.encode(entry.publish, MqttVersion.MQTT_5, packet);
        return fact.array();
    }

    private static Entry entry(ByteBuffer fact) {
        long order = fact.getLong();
        boolean numbered = fact.get() != 0;
        Mac mac = new Mac(fact.getLong());
        long boot = fact.getLong();
        long sequence = fact.getLong();
        String uri = FactText.read(fact);
        PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.SERVER, MAX_PACKET_BYTES);
        decoder.version(MqttVersion.MQTT_5);
        try {
            if (decoder.decode(Unpooled.wrappedBuffer(fact)) instanceof Publish publish) {
                NotificationId id = numbered ? new NotificationId(mac, uri, boot, sequence) : null;
                return new Entry(order, publish, id, false, null);
            }
        } catch (DecodeException fault) {
            throw new IllegalArgumentException("a message cannot be read", fault);
        }
        throw new IllegalArgumentException("a packet is no whole message");
    }

    /// The messages in flight of one link.
    public final class LinkStore implements InFlightStore {

        private final String clientId;

        LinkStore(String clientId) {
            this.clientId = clientId;
        }

        /// True if no session need be resumed: the broker holds no packet id of ours.
        public boolean isEmpty() {
            synchronized (BridgeJournal.this) {
                return ofLink(clientId).isEmpty();
            }
        }

        @Override
        public CompletionStage<List<InFlight>> load() {
            synchronized (BridgeJournal.this) {
                return CompletableFuture.completedFuture(ofLink(clientId).values().stream()
                        .sorted(Comparator.comparingLong(Entry::order))
                        .map(entry -> new InFlight(entry.publish, entry.released))
                        .toList());
            }
        }

        @Override
        public CompletionStage<?> put(Publish publish) {
            Optional<NotificationId> id = NotificationId.of(publish.properties());
            Entry entry;
            synchronized (BridgeJournal.this) {
                entry = new Entry(nextOrder++, publish, id.orElse(null), false, null);
                ofLink(clientId).put(publish.packetId(), entry);
            }
            Keeping keeping = publish.qos() == QoS.EXACTLY_ONCE ? Keeping.SYNCED : Keeping.WRITTEN;
            CompletionStage<?> kept = facts.append(BridgeJournal.put(clientId, entry), keeping);
            return kept.whenComplete((_, fault) -> {
                if (fault != null) {
                    // The client gives the packet id out again without telling us.
                    drop(publish.packetId(), entry);
                }
            });
        }

        private void drop(int packetId, Entry entry) {
            synchronized (BridgeJournal.this) {
                ofLink(clientId).remove(packetId, entry);
            }
        }

        @Override
        public CompletionStage<?> release(int packetId) {
            Entry entry = known(packetId);
            synchronized (BridgeJournal.this) {
                released(clientId, packetId, entry.order);
            }
            return facts.append(event(RELEASED, clientId, packetId, entry.order, false), Keeping.SYNCED);
        }

        @Override
        public void remove(int packetId, boolean delivered) {
            Entry entry = known(packetId);
            synchronized (BridgeJournal.this) {
                ended(clientId, packetId, entry.order, delivered);
            }
            facts.note(event(ENDED, clientId, packetId, entry.order, delivered));
            settle(entry, delivered);
        }

        private Entry known(int packetId) {
            synchronized (BridgeJournal.this) {
                Entry entry = ofLink(clientId).get(packetId);
                if (entry == null) {
                    throw new IllegalStateException("nothing is in flight under packet id " + packetId);
                }
                return entry;
            }
        }
    }
}
