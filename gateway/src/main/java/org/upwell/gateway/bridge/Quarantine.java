// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.journal.FactFile;
import org.upwell.gateway.journal.FactFile.Keeping;
import org.upwell.gateway.journal.FactText;

/// Messages of devices that belong to nobody, until somebody is said to own them or they are too old. Bounded, and
/// in a file that outlives the process and a power cut. Safe for all threads; never blocks.
public final class Quarantine implements AutoCloseable {

    /// @param messages of all devices
    /// @param perDevice of one, so that one cannot take all the room
    /// @param bytes of the payloads of all devices
    /// @param life how long a message is kept
    public record Limits(int messages, int perDevice, long bytes, Duration life) {

        public static final Limits DEFAULT = new Limits(10_000, 100, 16L << 20, Duration.ofDays(7));
    }

    /// A device with messages here.
    public record Device(Mac mac, int messages, long payloadBytes, Instant oldest) {}

    /// A message for people: never its payload.
    public record View(Instant received, String kind, String sensorUri, long boot, long sequence, int payloadBytes) {}

    record Held(long order, Instant received, BubbleUp message) {

        Mac mac() {
            return message.id().mac();
        }
    }

    private static final byte HELD = 1;
    private static final byte GONE = 2;
    private static final long COMPACT_ABOVE_BYTES = 4 << 20;

    private final Limits limits;
    private final GatewayCounters counters;
    private final InstantSource clock;
    private final Map<Mac, Deque<Held>> devices = new LinkedHashMap<>();
    private int messages;
    private long payloadBytes;
    private long nextOrder;
    private final FactFile facts;

    private Quarantine(Path file, Limits limits, GatewayCounters counters, InstantSource clock) throws IOException {
        this.limits = limits;
        this.counters = counters;
        this.clock = clock;
        this.facts = FactFile.open(file, COMPACT_ABOVE_BYTES, new FactFile.State() {
            @Override
            public void fold(ByteBuffer fact) {
                Quarantine.this.fold(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                all().forEach(held -> into.accept(fact(held)));
            }
        });
    }

    /// Opens `file`, or makes it.
    ///
    /// @throws IOException naming the file
    public static Quarantine open(Path file, Limits limits, GatewayCounters counters, InstantSource clock)
            throws IOException {
        return new Quarantine(file, limits, counters, clock);
    }

    /// Keeps a message.
    ///
    /// @return completes when it is on disk; empty if there is no room
    synchronized Optional<CompletionStage<@Nullable Void>> hold(BubbleUp message) {
        Deque<Held> ofDevice = devices.get(message.id().mac());
        boolean full = messages >= limits.messages
                || payloadBytes + message.payload().length > limits.bytes
                || (ofDevice != null && ofDevice.size() >= limits.perDevice);
        if (full) {
            counters.count(GatewayEvent.QUARANTINE_FULL);
            return Optional.empty();
        }
        Held held = new Held(nextOrder, clock.instant(), message);
        add(held);
        counters.count(GatewayEvent.QUARANTINE_HELD);
        return Optional.of(facts.append(fact(held), Keeping.SYNCED).whenComplete((_, fault) -> {
            if (fault != null) {
                // Its device was not told that it is kept, and sends it again.
                var _ = remove(held);
            }
        }));
    }

    synchronized boolean holds(Mac mac) {
        return devices.containsKey(mac);
    }

    synchronized boolean contains(NotificationId id) {
        Deque<Held> ofDevice = devices.get(id.mac());
        return ofDevice != null
                && ofDevice.stream().anyMatch(held -> held.message.id().equals(id));
    }

    /// The oldest message of a device.
    synchronized Optional<Held> first(Mac mac) {
        return Optional.ofNullable(devices.get(mac)).map(Deque::peek);
    }

    /// Forgets a message that was published.
    ///
    /// @return completes when the disk knows: what rises again after a power cut is published twice, unless it is
    ///     among the few that [RepeatWindow] remembers
    CompletionStage<@Nullable Void> released(Held held) {
        Optional<CompletionStage<@Nullable Void>> gone = remove(held);
        if (gone.isEmpty()) {
            return CompletableFuture.completedStage(null);
        }
        counters.count(GatewayEvent.QUARANTINE_RELEASED);
        return gone.get();
    }

    /// @return completes when the disk knows; empty if it was gone already
    private synchronized Optional<CompletionStage<@Nullable Void>> remove(Held held) {
        if (!drop(held.mac(), held.order)) {
            return Optional.empty();
        }
        ByteBuffer fact = ByteBuffer.allocate(17).put(GONE).putLong(held.mac().bits());
        return Optional.of(facts.append(fact.putLong(held.order).array(), Keeping.SYNCED));
    }

    /// Drops what is too old.
    public void expire() {
        Instant oldest = clock.instant().minus(limits.life);
        for (Held held : all()) {
            if (held.received.isBefore(oldest) && remove(held).isPresent()) {
                counters.count(GatewayEvent.QUARANTINE_EXPIRED);
            }
        }
    }

    /// Drops the messages of a device, on somebody's order.
    ///
    /// @return how many, when the disk knows
    public CompletionStage<Integer> discard(Mac mac) {
        CompletionStage<Integer> count = CompletableFuture.completedStage(0);
        for (Held held : all()) {
            Optional<CompletionStage<@Nullable Void>> gone = held.mac().equals(mac) ? remove(held) : Optional.empty();
            if (gone.isPresent()) {
                counters.count(GatewayEvent.QUARANTINE_DISCARDED);
                count = count.thenCombine(gone.get(), (before, _) -> before + 1);
            }
        }
        return count;
    }

    /// The devices with messages here, the first to come first.
    public synchronized List<Device> devices() {
        List<Device> list = new ArrayList<>();
        devices.forEach((mac, held) -> list.add(new Device(
                mac,
                held.size(),
                held.stream().mapToLong(each -> each.message.payload().length).sum(),
                held.getFirst().received)));
        return list;
    }

    /// The messages of a device, the oldest first.
    public synchronized List<View> messagesOf(Mac mac) {
        return devices.getOrDefault(mac, new ArrayDeque<>()).stream()
                .map(held -> new View(
                        held.received,
                        held.message.kind(),
                        held.message.id().sensorUri(),
                        held.message.id().boot(),
                        held.message.id().sequence(),
                        held.message.payload().length))
                .toList();
    }

    /// How many messages are here.
    public synchronized int size() {
        return messages;
    }

    private synchronized List<Held> all() {
        List<Held> all = new ArrayList<>();
        devices.values().forEach(all::addAll);
        return all;
    }

    private void add(Held held) {
        devices.computeIfAbsent(held.mac(), _ -> new ArrayDeque<>()).add(held);
        messages++;
        payloadBytes += held.message.payload().length;
        nextOrder = Math.max(nextOrder, held.order + 1);
    }

    private boolean drop(Mac mac, long order) {
        Deque<Held> ofDevice = devices.get(mac);
        Optional<Held> found = ofDevice == null
                ? Optional.empty()
                : ofDevice.stream().filter(held -> held.order == order).findFirst();
        if (ofDevice == null || found.isEmpty()) {
            return false;
        }
        ofDevice.remove(found.get());
        messages--;
        payloadBytes -= found.get().message.payload().length;
        if (ofDevice.isEmpty()) {
            devices.remove(mac);
        }
        return true;
    }

    private synchronized void fold(ByteBuffer fact) {
        byte kind = fact.get();
        Mac mac = new Mac(fact.getLong());
        long order = fact.getLong();
        if (kind == GONE) {
            drop(mac, order);
            return;
        }
        if (kind != HELD) {
            throw new IllegalArgumentException("kind " + kind + " is not known");
        }
        Instant received = Instant.ofEpochSecond(fact.getLong(), fact.getInt());
        long boot = fact.getLong();
        long sequence = fact.getLong();
        String what = FactText.read(fact);
        String uri = FactText.read(fact);
        byte[] payload = new byte[fact.remaining()];
        fact.get(payload);
        Held held =
                new Held(order, received, new BubbleUp(what, new NotificationId(mac, uri, boot, sequence), payload));
        // Behind a snapshot that has it already it comes once more.
        if (!contains(held.message.id())) {
            add(held);
        }
    }

    private static byte[] fact(Held held) {
        BubbleUp message = held.message;
        byte[] kind = message.kind().getBytes(StandardCharsets.UTF_8);
        byte[] uri = message.id().sensorUri().getBytes(StandardCharsets.UTF_8);
        int bytes = 1 + 8 + 8 + 12 + 16 + FactText.room(kind) + FactText.room(uri) + message.payload().length;
        ByteBuffer fact = ByteBuffer.allocate(bytes).put(HELD);
        fact.putLong(message.id().mac().bits()).putLong(held.order);
        fact.putLong(held.received.getEpochSecond()).putInt(held.received.getNano());
        fact.putLong(message.id().boot()).putLong(message.id().sequence());
        FactText.put(fact, kind);
        FactText.put(fact, uri);
        return fact.put(message.payload()).array();
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }
}
