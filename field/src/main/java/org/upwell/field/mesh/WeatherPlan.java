// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.time.Duration;
import org.upwell.field.chance.Chance;

/// Turns a scenario's weather into tasks of one loop. Nothing but the next event is planned for single devices, so
/// a plan costs little until its time comes. Owned by the loop.
final class WeatherPlan {
    private static final Duration POWER_LOSS_SPREAD = Duration.ofSeconds(1);
    private static final Duration POWER_RETURN_SPREAD = Duration.ofSeconds(5);
    private static final Duration RESTART_EVERY = Duration.ofSeconds(5);

    private final MeshLoop loop;
    private final Nics nics;
    private final Scenario scenario;

    WeatherPlan(MeshLoop loop, Scenario scenario) {
        this.loop = loop;
        this.nics = loop.nics();
        this.scenario = scenario;
    }

    void schedule() {
        int number = Chance.FIRST_EVENT;
        for (Weather event : scenario.weather()) {
            int purpose = number++;
            loop.at(ticks(event.at()), () -> begin(event, purpose));
        }
    }

    private void begin(Weather event, int purpose) {
        int start = ticks(event.at());
        switch (event) {
            case Weather.AddressChanges changes -> moves(changes, start, purpose);
            case Weather.AccessPointOutage outage -> outage(outage, start);
            case Weather.PowerFailure failure -> powerFailure(failure, start, purpose);
            case Weather.Misbehaviour misbehaviour -> misbehaviour(misbehaviour, start, purpose);
        }
    }

    private void moves(Weather.AddressChanges changes, int start, int purpose) {
        for (int i = 0; i < nics.count(); i++) {
            int device = i;
            if (chance(purpose, device, 0) < changes.share()) {
                loop.at(start + spread(changes.over(), purpose, device), () -> loop.move(device));
            }
        }
    }

    private void outage(Weather.AccessPointOutage outage, int start) {
        int first = Math.max(outage.first(), loop.firstAccessPoint());
        int last = Math.min(outage.last(), loop.firstAccessPoint() + loop.accessPoints() - 1);
        for (int i = first; i <= last; i++) {
            int point = i;
            loop.outage(point, 1);
            loop.at(start + ticks(outage.lasting()), () -> loop.outage(point, -1));
        }
    }

    private void powerFailure(Weather.PowerFailure failure, int start, int purpose) {
        for (int i = 0; i < nics.count(); i++) {
            int device = i;
            if (loop.isBehind(device, failure.first(), failure.last())) {
                int lost = start + spread(POWER_LOSS_SPREAD, purpose, device);
                loop.at(lost, () -> nics.onMainsLost(device));
                loop.at(lost + ticks(failure.lastGasp()), () -> nics.powerOff(device));
                int back = start + ticks(failure.lasting()) + spread(POWER_RETURN_SPREAD, purpose, device);
                // Never before it is off.
                int on = Math.max(back, lost + ticks(failure.lastGasp()) + 1);
                loop.at(on, () -> nics.powerOn(device, true));
            }
        }
    }

    private void misbehaviour(Weather.Misbehaviour misbehaviour, int start, int purpose) {
        int end = start + ticks(misbehaviour.lasting());
        for (int i = 0; i < nics.count(); i++) {
            int device = i;
            if (chance(purpose, device, 0) >= misbehaviour.share()) {
                continue;
            }
            if (misbehaviour.kind() == Weather.Misbehaviour.Kind.RESTARTS) {
                restart(device, start + spread(RESTART_EVERY, purpose, device), end);
            } else {
                nics.misbehave(device, misbehaviour.kind(), true);
                loop.at(end, () -> nics.misbehave(device, misbehaviour.kind(), false));
            }
        }
    }

    private void restart(int device, int tick, int end) {
        if (tick < end) {
            loop.at(tick, () -> {
                if (nics.isPowered(device)) {
                    nics.powerOff(device);
                    nics.powerOn(device, false);
                }
                restart(device, tick + ticks(RESTART_EVERY), end);
            });
        }
    }

    private int spread(Duration over, int purpose, int device) {
        return (int) (ticks(over) * chance(purpose, device, 1));
    }

    private double chance(int purpose, int device, long count) {
        return Chance.of(scenario.seed(), purpose, (long) loop.firstDevice() + device, count);
    }

    private static int ticks(Duration duration) {
        return (int) Math.min(Integer.MAX_VALUE / 4, duration.toMillis() / Nics.TICK_MILLIS);
    }
}
