// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the application behind one subscription, or behind all members of a shared one, was given: numbered
/// messages, each number once per topic. Finds duplicates, gaps in the order and damaged payloads as they come. Any
/// thread.
final class Ledger {

    private static final int PADDING = 300;

    private final String name;
    private final boolean ordered;
    private final Map<String, BitSet> seen = new HashMap<>();
    private final List<String> faults = new ArrayList<>();
    private int repeats;

    /// @param ordered true if first deliveries are to come in the order of the numbers
    Ledger(String name, boolean ordered) {
        this.name = name;
        this.ordered = ordered;
    }

    /// Number `number` of a topic: a text of varying length that tells if it was damaged.
    static byte[] payload(int number) {
        return (number + ":" + "x".repeat(number * 37 % PADDING)).getBytes(StandardCharsets.UTF_8);
    }

    static int number(byte[] payload) {
        String text = new String(payload, StandardCharsets.UTF_8);
        return Integer.parseInt(text.substring(0, text.indexOf(':')));
    }

    synchronized void delivered(String topic, byte[] payload, int qos) {
        int number = number(payload);
        if (payload.length != payload(number).length) {
            faults.add(name + ": " + topic + " " + number + " has " + payload.length + " bytes");
        }
        BitSet numbers = seen.computeIfAbsent(topic, key -> new BitSet());
        if (numbers.get(number)) {
            repeats++;
            if (qos == 2) {
                faults.add(name + ": " + topic + " " + number + " came twice at QoS 2");
            }
            return;
        }
        if (ordered && numbers.length() != 0 && numbers.length() != number) {
            faults.add(name + ": " + topic + " " + number + " came first after " + (numbers.length() - 1));
        }
        if (ordered && numbers.isEmpty() && number != 1) {
            faults.add(name + ": " + topic + " begins with " + number);
        }
        numbers.set(number);
    }

    synchronized void fault(String fault) {
        faults.add(name + ": " + fault);
    }

    /// True once the numbers 1 to `last` of a topic were delivered.
    synchronized boolean has(String topic, int last) {
        return seen.getOrDefault(topic, new BitSet()).cardinality() >= last;
    }

    /// Numbers of a topic from 1 to `last` that were not delivered.
    synchronized List<Integer> missing(String topic, int last) {
        BitSet numbers = seen.getOrDefault(topic, new BitSet());
        List<Integer> missing = new ArrayList<>();
        for (int i = 1; i <= last; i++) {
            if (!numbers.get(i)) {
                missing.add(i);
            }
        }
        return missing;
    }

    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    /// Deliveries after the first, as QoS 1 allows them.
    synchronized int repeats() {
        return repeats;
    }

    synchronized int deliveries() {
        return seen.values().stream().mapToInt(BitSet::cardinality).sum();
    }
}
