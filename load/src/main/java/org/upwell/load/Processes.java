// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// CPU and memory of the broker's processes, and of this one. CPU where the platform tells it; memory only on
/// Linux, out of `/proc`. CPU is counted there in steps of 10 ms, so measure for seconds.
public final class Processes {
    /// A look at a moment.
    ///
    /// @param brokerCpu seconds since the processes began, NaN if unknown
    /// @param ownCpu seconds of this process
    /// @param residentBytes of the broker's processes, -1 if unknown
    /// @param anonymousBytes as above, without what is mapped from files
    public record Sample(long nanos, double brokerCpu, double ownCpu, long residentBytes, long anonymousBytes) {
        double secondsSince(Sample earlier) {
            return (nanos - earlier.nanos) / 1e9;
        }

        double cpuSince(Sample earlier) {
            return brokerCpu - earlier.brokerCpu;
        }

        double ownCpuSince(Sample earlier) {
            return ownCpu - earlier.ownCpu;
        }
    }

    private final List<Long> pids;
    private long peakBytes = -1;

    /// @throws LoadException if there is no such process
    public Processes(List<Long> pids) throws LoadException {
        this.pids = List.copyOf(pids);
        for (long pid : pids) {
            if (ProcessHandle.of(pid).isEmpty()) {
                throw new LoadException("there is no process " + pid);
            }
        }
    }

    boolean areKnown() {
        return !pids.isEmpty();
    }

    /// Whether this platform tells memory.
    public static boolean tellsMemory() {
        return Files.isReadable(Path.of("/proc/self/status"));
    }

    public Sample sample() {
        double cpu = pids.isEmpty() ? Double.NaN : 0;
        long resident = 0;
        long anonymous = 0;
        for (long pid : pids) {
            cpu += cpu(ProcessHandle.of(pid).orElse(null));
            String status = status(pid);
            resident = sum(resident, bytes(status, "VmRSS:"));
            anonymous = sum(anonymous, bytes(status, "RssAnon:"));
        }
        boolean told = !pids.isEmpty() && resident >= 0;
        if (told) {
            peakBytes = Math.max(peakBytes, resident);
        }
        return new Sample(
                System.nanoTime(), cpu, cpu(ProcessHandle.current()), told ? resident : -1, told ? anonymous : -1);
    }

    /// The most memory that any sample saw, -1 if unknown.
    long peakBytes() {
        return peakBytes;
    }

    private static long sum(long before, long more) {
        return before < 0 || more < 0 ? -1 : before + more;
    }

    private static double cpu(@Nullable ProcessHandle process) {
        return process == null
                ? Double.NaN
                : process.info().totalCpuDuration().map(Processes::seconds).orElse(Double.NaN);
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /// Empty if the process or the platform does not tell.
    private static String status(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "status"));
        } catch (IOException e) {
            return "";
        }
    }

    static long bytes(String status, String field) {
        int at = status.indexOf("\n" + field);
        if (at < 0) {
            return -1;
        }
        int end = status.indexOf(" kB", at);
        try {
            return end < 0
                    ? -1
                    : Long.parseLong(status.substring(at + 1 + field.length(), end)
                                    .strip())
                            << 10;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
