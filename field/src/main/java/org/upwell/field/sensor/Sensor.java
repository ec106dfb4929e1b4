// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.upwell.field.hdlc.HdlcSecondary;
import org.upwell.field.hdlc.QuietGap;
import org.upwell.field.link.ByteLink;
import org.upwell.field.loop.Loop;

/// A whole sensor on a link: the CoAP server behind the HDLC secondary, with the pauses and periods that drive them.
/// Owned by its loop; [#start()], [#restart()], [#powerOff()], [#run] and [#close()] may be called from anywhere.
public final class Sensor implements AutoCloseable {
    /// @param classifier first segment of every sensor path
    /// @param idleGap a frame is parsed after this long without a byte
    /// @param startDelay from power-on to listening; the firmware waits 16 s when no monitor is attached
    public record Settings(Firmware firmware, String classifier, Duration idleGap, Duration startDelay) {
        public static final String DEFAULT_CLASSIFIER = "arduino";
        public static final Duration DEFAULT_IDLE_GAP = Duration.ofMillis(400);

        public static Settings of(Firmware firmware) {
            return new Settings(firmware, DEFAULT_CLASSIFIER, DEFAULT_IDLE_GAP, Duration.ZERO);
        }

        public Settings withIdleGap(Duration gap) {
            return new Settings(firmware, classifier, gap, startDelay);
        }
    }

    private final Settings settings;
    private final Loop loop;
    private final ByteLink link;
    private final Consumer<IOException> onLinkFailure;
    private final HdlcSecondary secondary;
    private final SensorServer server;
    private final QuietGap gap = new QuietGap();

    private Loop.@Nullable Timer gapTimer;
    private Loop.@Nullable Timer periodTimer;
    private boolean open;
    private boolean closed;

    /// @param onLinkFailure told on the loop when the link can no longer be written or read
    public Sensor(
            Settings settings,
            List<SensorDriver> drivers,
            Loop loop,
            ByteLink link,
            Consumer<IOException> onLinkFailure) {
        this.settings = settings;
        this.loop = loop;
        this.link = link;
        this.onLinkFailure = onLinkFailure;
        SensorClock clock = new SensorClock(loop::nanoTime);
        this.server = new SensorServer(settings.firmware(), settings.classifier(), clock, new PendingMessage());
        this.secondary = new HdlcSecondary(server);
        drivers.forEach(server::add);
    }

    /// The link's one slot for unasked messages.
    private final class PendingMessage implements Outbox {
        @Override
        public boolean accepts() {
            return settings.firmware().overwritesPending() || !secondary.hasPending();
        }

        @Override
        public void offer(byte[] message) {
            if (secondary.offer(message, settings.firmware().overwritesPending())) {
                link.pulseWake();
            }
        }
    }

    /// Power on.
    public void start() {
        link.listen(new ByteLink.Listener() {
            @Override
            public void onBytes(byte[] bytes, int from, int count) {
                byte[] copy = Arrays.copyOfRange(bytes, from, from + count);
                loop.execute(() -> receive(copy));
            }

            @Override
            public void onWake() {}

            @Override
            public void onEnd(@Nullable IOException cause) {
                loop.execute(() -> fail(cause == null ? new IOException("the link has ended") : cause));
            }
        });
        restart();
    }

    /// Power off and on again.
    public void restart() {
        loop.execute(() -> {
            open = false;
            stopTimers();
            gap.clear();
            if (settings.startDelay().isZero()) {
                open();
            } else {
                periodTimer = loop.after(settings.startDelay(), this::open);
            }
        });
    }

    /// Power off, the wire stays: nothing is said or answered until [#restart()].
    public void powerOff() {
        loop.execute(() -> {
            open = false;
            stopTimers();
            gap.clear();
        });
    }

    /// Runs on the sensor's loop, where drivers may be touched.
    public void run(Runnable task) {
        loop.execute(() -> {
            if (open && !closed) {
                task.run();
                schedulePeriod();
            }
        });
    }

    /// Whether a request has hung the firmware; from the loop.
    public boolean isHung() {
        return server.isHung();
    }

    /// Power off; the link is closed too.
    @Override
    public void close() {
        loop.execute(() -> {
            closed = true;
            open = false;
            stopTimers();
        });
        link.close();
    }

    private void open() {
        if (!closed) {
            open = true;
            secondary.reset();
            server.restart();
            schedulePeriod();
        }
    }

    private void receive(byte[] bytes) {
        if (!open) {
            return;
        }
        gap.append(bytes, 0, bytes.length);
        if (gapTimer != null) {
            gapTimer.cancel();
        }
        gapTimer = loop.after(settings.idleGap(), this::onGap);
    }

    private void onGap() {
        gapTimer = null;
        byte[] answer = gap.end(secondary);
        if (answer != null) {
            try {
                link.write(answer);
            } catch (IOException e) {
                fail(e);
            }
        }
        schedulePeriod();
    }

    private void schedulePeriod() {
        if (periodTimer != null) {
            periodTimer.cancel();
            periodTimer = null;
        }
        long nanos = server.nanosUntilDue();
        if (open && nanos != Long.MAX_VALUE) {
            periodTimer = loop.after(Duration.ofNanos(Math.max(0, nanos)), this::onPeriod);
        }
    }

    private void onPeriod() {
        periodTimer = null;
        server.notifyDue();
        schedulePeriod();
    }

    private void fail(IOException cause) {
        if (!closed) {
            closed = true;
            open = false;
            stopTimers();
            onLinkFailure.accept(cause);
        }
    }

    private void stopTimers() {
        if (gapTimer != null) {
            gapTimer.cancel();
            gapTimer = null;
        }
        if (periodTimer != null) {
            periodTimer.cancel();
            periodTimer = null;
        }
    }
}
