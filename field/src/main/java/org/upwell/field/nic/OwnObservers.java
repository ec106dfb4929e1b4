// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.upwell.field.loop.Loop;

/// When network observers of the NIC's own resources are told: by period, so that what they know never outlives its
/// Max-Age (RFC 7641 §4.3.1), and on change, though not in quick succession: a radio signal changes all the time,
/// and the mesh has better to do. Owned by the NIC's loop; costs nothing for what nobody observes.
final class OwnObservers {
    /// Least time between two notifications of changes; the last change is told when it is over.
    static final Duration PAUSE = Duration.ofMinutes(1);

    private final Loop loop;
    private final Function<String, Duration> periods;
    private final Predicate<String> isObserved;
    private final Consumer<String> tell;
    private final Map<String, Loop.Timer> periodic = new HashMap<>();
    /// Whether a change waits for the end of the pause.
    private final Map<String, Boolean> pausing = new HashMap<>();
    private boolean closed;

    /// @param periods how often each resource is told
    /// @param tell notifies the observers of a resource
    OwnObservers(Loop loop, Function<String, Duration> periods, Predicate<String> isObserved, Consumer<String> tell) {
        this.loop = loop;
        this.periods = periods;
        this.isObserved = isObserved;
        this.tell = tell;
    }

    /// Somebody observes the resource from now on.
    void onObserved(String path) {
        if (!periodic.containsKey(path)) {
            schedule(path);
        }
    }

    /// The table tells of the resource from now on.
    void leave(String path) {
        Loop.Timer timer = periodic.remove(path);
        if (timer != null) {
            timer.cancel();
        }
    }

    /// The resource has another value.
    void onChange(String path) {
        if (closed || !isObserved.test(path)) {
            return;
        }
        if (pausing.replace(path, true) != null) {
            return;
        }
        tell.accept(path);
        pausing.put(path, false);
        loop.after(PAUSE, () -> {
            if (Boolean.TRUE.equals(pausing.remove(path))) {
                onChange(path);
            }
        });
    }

    void close() {
        closed = true;
    }

    private void schedule(String path) {
        Loop.Timer timer = loop.after(periods.apply(path), () -> {
            if (closed || !isObserved.test(path)) {
                periodic.remove(path);
                return;
            }
            tell.accept(path);
            schedule(path);
        });
        periodic.put(path, timer);
    }
}
