// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.proxy.SendTurns.Turn;
import org.upwell.gateway.session.Session;

/// Turns that wait: tenants are served one after the other, and within a tenant its sessions, so that a thousand
/// requests of one hold up nobody else; and who waits with most is the first to give up a place. Guarded by the
/// lock of [SendTurns].
final class FairQueue {

    /// Who was served longest ago comes first, on both levels.
    private final Map<String, Map<Flow, ArrayDeque<Turn>>> tenants = new LinkedHashMap<>();

    private record Flow(@Nullable Session session) {

        static Flow of(Turn turn) {
            return new Flow(turn.session());
        }

        /// No tenant has an empty name.
        String tenant() {
            return session == null ? "" : session.tenant();
        }
    }

    void add(Turn turn) {
        Flow flow = Flow.of(turn);
        tenants.computeIfAbsent(flow.tenant(), _ -> new LinkedHashMap<>(2))
                .computeIfAbsent(flow, _ -> new ArrayDeque<>(2))
                .add(turn);
    }

    /// Takes the next of those that may go.
    @Nullable
    Turn poll(Predicate<Turn> mayGo) {
        for (Map<Flow, ArrayDeque<Turn>> flows : tenants.values()) {
            for (ArrayDeque<Turn> turns : flows.values()) {
                Turn first = pollFrom(turns, mayGo);
                if (first != null) {
                    serveOthersFirst(Flow.of(first), flows, turns);
                    return first;
                }
            }
        }
        return null;
    }

    private static @Nullable Turn pollFrom(ArrayDeque<Turn> turns, Predicate<Turn> mayGo) {
        for (Iterator<Turn> each = turns.iterator(); each.hasNext(); ) {
            Turn turn = each.next();
            if (mayGo.test(turn)) {
                each.remove();
                return turn;
            }
        }
        return null;
    }

    private void serveOthersFirst(Flow flow, Map<Flow, ArrayDeque<Turn>> flows, ArrayDeque<Turn> turns) {
        flows.remove(flow);
        if (!turns.isEmpty()) {
            flows.put(flow, turns);
        }
        tenants.remove(flow.tenant());
        if (!flows.isEmpty()) {
            tenants.put(flow.tenant(), flows);
        }
    }

    /// Who would have to go for somebody more urgent: the newest turn of the largest flow of the tenant with most.
    @Nullable
    Turn newestOfMost() {
        Map<Flow, ArrayDeque<Turn>> flows = largestTenant();
        return flows == null ? null : largestFlow(flows).peekLast();
    }

    /// The same for a turn that is no more urgent than these: null unless there is somebody who still waits with at
    /// least as much as the newcomer's tenant, or session, when they have changed places. So nobody loses a place
    /// that he would win back with his next request.
    @Nullable
    Turn newestOfMoreThan(Turn newcomer) {
        Flow flow = Flow.of(newcomer);
        Map<Flow, ArrayDeque<Turn>> own = tenants.get(flow.tenant());
        Map<Flow, ArrayDeque<Turn>> most = largestTenant();
        if (most != null && !most.equals(own) && size(most) >= (own == null ? 0 : size(own)) + 2) {
            return largestFlow(most).peekLast();
        }
        if (own == null) {
            return null;
        }
        ArrayDeque<Turn> same = own.get(flow);
        ArrayDeque<Turn> largest = largestFlow(own);
        return largest.size() >= (same == null ? 0 : same.size()) + 2 ? largest.peekLast() : null;
    }

    private @Nullable Map<Flow, ArrayDeque<Turn>> largestTenant() {
        return tenants.values().stream()
                .max(Comparator.comparingInt(FairQueue::size))
                .orElse(null);
    }

    private static ArrayDeque<Turn> largestFlow(Map<Flow, ArrayDeque<Turn>> flows) {
        // No tenant is here without a turn.
        return Collections.max(flows.values(), Comparator.comparingInt(ArrayDeque::size));
    }

    private static int size(Map<Flow, ArrayDeque<Turn>> flows) {
        return flows.values().stream().mapToInt(ArrayDeque::size).sum();
    }

    void remove(Turn turn) {
        Flow flow = Flow.of(turn);
        Map<Flow, ArrayDeque<Turn>> flows = tenants.get(flow.tenant());
        ArrayDeque<Turn> turns = flows == null ? null : flows.get(flow);
        if (flows != null && turns != null && turns.remove(turn) && turns.isEmpty()) {
            flows.remove(flow);
            if (flows.isEmpty()) {
                tenants.remove(flow.tenant());
            }
        }
    }
}
