// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Processor time of this process, shared out to its parts by the names of their threads. Used by one thread.
final class ThreadTimes {

    /// Whose a thread is.
    enum Part {
        NICS,
        GATEWAY,
        BROKER,
        SUBSCRIBER,
        APPLICATIONS,
        /// Compiler, garbage collector and what else has no name here.
        VIRTUAL_MACHINE
    }

    private static final String CLIENT = "upwell-client";
    private static final Map<String, Part> PREFIXES = Map.of(
            "mesh-",
            Part.NICS,
            "coap-",
            Part.GATEWAY,
            "UDP-",
            Part.GATEWAY,
            "facts-",
            Part.GATEWAY,
            "gateway-",
            Part.GATEWAY,
            "upwell-loop",
            Part.BROKER,
            "store",
            Part.BROKER,
            "upwell-access",
            Part.BROKER,
            GetLoad.THREAD,
            Part.APPLICATIONS);

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Set<Long> gatewayClients = new HashSet<>();

    /// To be made after the gateway has its connections to the broker, and before there are others.
    ThreadTimes() {
        for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (info != null && info.getThreadName().startsWith(CLIENT)) {
                gatewayClients.add(info.getThreadId());
            }
        }
    }

    /// Nanoseconds of each part since the process began; of a thread that has ended they go to the virtual machine.
    Map<Part, Long> nanos() {
        Map<Part, Long> nanos = new EnumMap<>(Part.class);
        // To within 10 ms, the system's step.
        long rest = ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(Duration::toNanos)
                .orElse(0L);
        for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds())) {
            long own = info == null ? -1 : threads.getThreadCpuTime(info.getThreadId());
            Part part = info == null ? Part.VIRTUAL_MACHINE : part(info);
            if (own > 0 && part != Part.VIRTUAL_MACHINE) {
                nanos.merge(part, own, Long::sum);
                rest -= own;
            }
        }
        nanos.put(Part.VIRTUAL_MACHINE, Math.max(0, rest));
        return nanos;
    }

    private Part part(ThreadInfo info) {
        String name = info.getThreadName();
        if (name.startsWith(CLIENT)) {
            return gatewayClients.contains(info.getThreadId()) ? Part.GATEWAY : Part.SUBSCRIBER;
        }
        for (Map.Entry<String, Part> each : PREFIXES.entrySet()) {
            if (name.startsWith(each.getKey())) {
                return each.getValue();
            }
        }
        return Part.VIRTUAL_MACHINE;
    }

    /// What the parts used between two moments, in microseconds for each of so many operations.
    static Map<Part, Double> microsEach(Map<Part, Long> before, Map<Part, Long> after, long operations) {
        Map<Part, Double> micros = new EnumMap<>(Part.class);
        after.forEach((part, nanos) ->
                micros.put(part, (nanos - before.getOrDefault(part, 0L)) / 1e3 / Math.max(1, operations)));
        return micros;
    }
}
