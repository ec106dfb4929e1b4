// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.proxy.SendTurns.Turn;
import org.upwell.gateway.session.Session;

/// Turns that wait: tenants are served one after the other, and within a tenant its sessions, so that a thousand
/// requests of one hold up nobody else. Guarded by the lock of [SendTurns].
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
