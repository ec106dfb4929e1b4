// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.upwell.codec.Publish;
import org.upwell.field.mesh.DelayHistogram;
import org.upwell.field.mesh.DeliveryLedger;
import org.upwell.field.mesh.MeshField;
import org.upwell.field.mesh.MeshListener;
import org.upwell.gateway.bridge.NotificationId;

/// Compares what a subscriber gets with what the devices of a field made, and how long each took from the device to
/// here. Safe for all threads, though deliveries come on one.
final class FieldTally implements MeshListener {
    private static final int TOPIC_LEVELS = 4;
    private static final int MAC_LEVEL = 2;

    private final MeshField.Settings settings;
    private final LongSupplier nanoTime;
    private final DeliveryLedger ledger;
    private final DelayHistogram delays = new DelayHistogram();
    private final ConcurrentHashMap<Long, Long> underWay = new ConcurrentHashMap<>();

    FieldTally(MeshField.Settings settings, LongSupplier nanoTime) {
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.ledger = new DeliveryLedger(settings.devices());
    }

    @Override
    public void onMade(int device, int sequence) {
        underWay.put(key(device, sequence), nanoTime.getAsLong());
        ledger.onMade(device, sequence);
    }

    @Override
    public void onDropped(int device, int sequence) {
        underWay.remove(key(device, sequence));
        ledger.onDropped(device, sequence);
    }

    /// Messages that no device of this field can have sent are not counted, nor are those of an earlier run, whose
    /// numbers are the same but whose boots are lower.
    void onMessage(Publish message) {
        String[] levels = message.topic().split("/", -1);
        String number = property(message, NotificationId.SEQUENCE);
        String boot = property(message, NotificationId.BOOT);
        if (levels.length != TOPIC_LEVELS
                || !levels[MAC_LEVEL].matches("[0-9a-f]{16}")
                || !number.matches("\\d{1,9}")
                || !boot.matches("\\d{1,18}")
                || Long.parseLong(boot) < settings.bootNumber()) {
            return;
        }
        long device = settings.device(Long.parseUnsignedLong(levels[MAC_LEVEL], 16));
        if (device < 0 || device >= settings.devices()) {
            return;
        }
        int sequence = Integer.parseInt(number);
        Long since = underWay.remove(key((int) device, sequence));
        if (since != null) {
            delays.add(TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - since));
        }
        ledger.onDelivered(device, sequence);
    }

    private static String property(Publish message, String name) {
        return Objects.requireNonNullElse(message.properties().userProperty(name), "");
    }

    DeliveryLedger.Balance balance() {
        return ledger.balance();
    }

    DelayHistogram delays() {
        return delays;
    }

    private static Long key(int device, int sequence) {
        return ((long) device << 32) | sequence;
    }
}
