// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.observation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.journal.FactFile;
import org.upwell.gateway.journal.FactFile.Keeping;

/// The newest observations of each device, kept apart by tenant, in memory and in a file. Bounded twice: so many of
/// a device, and so many bytes in all. When all is full, the oldest of the tenant that keeps most goes, so that no
/// tenant can push out what others of fewer bytes keep. Does not look into what it keeps. Safe for all threads.
public final class ObservationStore implements AutoCloseable {

    /// @param perDevice how many of each tenant's device
    /// @param bytes of all together
    public record Limits(int perDevice, long bytes) {

        public static final Limits DEFAULT = new Limits(1_000, 64L << 20);
    }

    private static final long COMPACT_ABOVE_BYTES = 32L << 20;

    /// What an observation costs beside its bytes.
    private static final int OVERHEAD_BYTES = 128;

    private final Limits limits;
    private final Map<String, OfTenant> tenants = new HashMap<>();
    private long bytes;
    private long nextNumber;
    private final FactFile facts;

    private record Observation(String tenant, Mac device, long number, byte[] json) {

        int cost() {
            return json.length + OVERHEAD_BYTES;
        }
    }

    /// What a tenant keeps. Numbers grow with time, so the first is the oldest.
    private static final class OfTenant {

        private final SortedMap<Long, Observation> all = new TreeMap<>();
        private final Map<Mac, SortedMap<Long, Observation>> byDevice = new HashMap<>();
        private long bytes;

        void put(Observation observation) {
            all.put(observation.number, observation);
            byDevice.computeIfAbsent(observation.device, _ -> new TreeMap<>()).put(observation.number, observation);
            bytes += observation.cost();
        }

        boolean remove(Observation observation) {
            if (all.remove(observation.number) == null) {
                return false;
            }
            bytes -= observation.cost();
            byDevice.computeIfPresent(observation.device, (_, ofDevice) -> {
                ofDevice.remove(observation.number);
                return ofDevice.isEmpty() ? null : ofDevice;
            });
            return true;
        }

        SortedMap<Long, Observation> of(Mac device) {
            return byDevice.getOrDefault(device, Collections.emptySortedMap());
        }
    }

    private ObservationStore(Path file, Limits limits) throws IOException {
        this.limits = limits;
        this.facts = FactFile.open(file, COMPACT_ABOVE_BYTES, new FactFile.State() {
            @Override
            public void fold(ByteBuffer fact) {
                ObservationStore.this.fold(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                kept().forEach(each -> into.accept(fact(each)));
            }
        });
    }

    /// Opens `file`, or makes it.
    ///
    /// @throws IOException naming the file
    public static ObservationStore open(Path file, Limits limits) throws IOException {
        return new ObservationStore(file, limits);
    }

    /// Keeps some observations of a device, each a JSON object.
    ///
    /// @return completes when they are all on disk; with a fault if one could not be written, and none is kept then
    public CompletionStage<Void> add(String tenant, Mac device, List<byte[]> json) {
        List<Observation> added = new ArrayList<>(json.size());
        List<CompletableFuture<@Nullable Void>> written = new ArrayList<>(json.size());
        synchronized (this) {
            // Facts are appended in the order of their numbers, by which [#fold] knows what it has already.
            for (byte[] each : json) {
                Observation observation = new Observation(tenant, device, nextNumber++, each);
                keep(observation);
                added.add(observation);
                written.add(facts.append(fact(observation), Keeping.SYNCED).toCompletableFuture());
            }
        }
        return CompletableFuture.allOf(written.toArray(CompletableFuture[]::new))
                .whenComplete((_, fault) -> {
                    if (fault != null) {
                        // Its sender is told so, and may write them again.
                        drop(added);
                    }
                });
    }

    /// The observations that `tenant` wrote of a device, the newest last.
    public synchronized List<byte[]> of(String tenant, Mac device) {
        OfTenant ofTenant = tenants.get(tenant);
        return ofTenant == null
                ? List.of()
                : ofTenant.of(device).values().stream().map(Observation::json).toList();
    }

    private void keep(Observation observation) {
        OfTenant ofTenant = tenants.computeIfAbsent(observation.tenant, _ -> new OfTenant());
        ofTenant.put(observation);
        bytes += observation.cost();
        SortedMap<Long, Observation> ofDevice = ofTenant.of(observation.device);
        while (ofDevice.size() > limits.perDevice) {
            drop(ofDevice.firstEntry().getValue());
        }
        while (bytes > limits.bytes) {
            OfTenant largest = Collections.max(tenants.values(), Comparator.comparingLong(each -> each.bytes));
            drop(largest.all.firstEntry().getValue());
        }
    }

    private synchronized void drop(List<Observation> several) {
        several.forEach(this::drop);
    }

    private void drop(Observation observation) {
        OfTenant ofTenant = tenants.get(observation.tenant);
        if (ofTenant != null && ofTenant.remove(observation)) {
            bytes -= observation.cost();
            if (ofTenant.all.isEmpty()) {
                tenants.remove(observation.tenant);
            }
        }
    }

    /// In the order of their numbers.
    private synchronized List<Observation> kept() {
        return tenants.values().stream()
                .flatMap(each -> each.all.values().stream())
                .sorted(Comparator.comparingLong(Observation::number))
                .toList();
    }

    private synchronized void fold(ByteBuffer fact) {
        long number = fact.getLong();
        Mac device = new Mac(fact.getLong());
        byte[] tenant = new byte[fact.getShort() & 0xffff];
        fact.get(tenant);
        byte[] json = new byte[fact.remaining()];
        fact.get(json);
        if (number >= nextNumber) {
            // Else it is behind a snapshot that has it already.
            nextNumber = number + 1;
            keep(new Observation(new String(tenant, StandardCharsets.UTF_8), device, number, json));
        }
    }

    private static byte[] fact(Observation observation) {
        byte[] tenant = observation.tenant.getBytes(StandardCharsets.UTF_8);
        ByteBuffer fact = ByteBuffer.allocate(18 + tenant.length + observation.json.length);
        fact.putLong(observation.number).putLong(observation.device.bits());
        return fact.putShort((short) tenant.length)
                .put(tenant)
                .put(observation.json)
                .array();
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }
}
