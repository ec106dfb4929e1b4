// SPDX-License-Identifier: Apache-2.0
package org.upwell.field;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.link.ByteLink;
import org.upwell.field.loop.LoopThread;
import org.upwell.field.nic.CoapRuntime;
import org.upwell.field.nic.FileState;
import org.upwell.field.nic.Nic;
import org.upwell.field.nic.NicListener;
import org.upwell.field.nic.NicState;
import org.upwell.field.nic.Notification;

/// A NIC alone on a link to a real or simulated sensor, for as long as the process lives or the link lasts. It
/// notices when the host's own address towards the gateway changes, and registers again. Thread-safe.
public final class NicRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NicRunner.class);
    private static final Duration ADDRESS_CHECK = Duration.ofSeconds(15);

    /// @param stateDirectory keeps the boot count and what is not acknowledged; empty: nothing outlives the process
    public record Settings(LinkAddress link, Nic.Settings nic, Optional<Path> stateDirectory) {}

    private final Settings settings;
    private final LoopThread loop;
    private final CoapRuntime runtime;
    private final Nic nic;
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable InetAddress hostAddress;

    /// Opens state, link and socket, and begins.
    public NicRunner(Settings settings, InstantSource clock) throws IOException {
        this.settings = settings;
        Events events = new Events();
        NicState state = settings.stateDirectory().isPresent()
                ? FileState.open(settings.stateDirectory().get(), clock, events)
                : NicState.inMemory(clock.instant().getEpochSecond());
        ByteLink link = settings.link().open();
        loop = new LoopThread("nic", e -> LOG.error("the NIC failed at one task", e));
        runtime = new CoapRuntime(1);
        try {
            nic = new Nic(settings.nic(), runtime, loop, link, state, clock, events);
        } catch (UncheckedIOException e) {
            runtime.close();
            loop.close();
            link.close();
            throw new IOException(e.getMessage(), e);
        }
        try {
            nic.start();
        } catch (IOException e) {
            close();
            throw e;
        }
        LOG.info(
                "NIC {} boot {} on {} serves {}",
                nic.mac(),
                nic.boot(),
                settings.link().text(),
                nic.address());
        loop.execute(this::checkAddress);
    }

    private final class Events implements NicListener {
        @Override
        public void onAcknowledged(Notification notification) {
            LOG.info(
                    "{} {}: sequence {} acknowledged",
                    notification.kind(),
                    notification.uri(),
                    notification.sequence());
        }

        @Override
        public void onDropped(Notification notification, String cause) {
            LOG.warn("{}: sequence {} dropped: {}", notification.uri(), notification.sequence(), cause);
        }

        @Override
        public void onRegistered() {
            LOG.info("registered with {}", settings.nic().gateway());
        }

        @Override
        public void onSensorReboot() {
            LOG.info("the sensor has restarted");
        }

        @Override
        public void onDamagedState(Path file, String cause) {
            LOG.warn("{} is damaged and was set aside, the NIC goes on without: {}", file, cause);
        }

        @Override
        public void onLinkEnd(IOException cause) {
            LOG.warn("the link to the sensor has ended: {}", cause.getMessage());
            ended.countDown();
        }
    }

    public Nic nic() {
        return nic;
    }

    /// Until the link ends or the runner is closed.
    public void await() throws InterruptedException {
        ended.await();
    }

    @Override
    public void close() {
        nic.close();
        loop.close();
        runtime.close();
        ended.countDown();
    }

    /// The address from which this host would reach the gateway; nothing is sent for that.
    private void checkAddress() {
        try (DatagramSocket probe = new DatagramSocket()) {
            InetSocketAddress gateway = settings.nic().gateway();
            probe.connect(gateway);
            InetAddress present = probe.getLocalAddress();
            InetAddress known = hostAddress;
            hostAddress = present;
            if (known != null && !known.equals(present)) {
                LOG.info("address towards the gateway is now {}", present.getHostAddress());
                nic.registerAgain();
            }
        } catch (IOException e) {
            LOG.debug("own address cannot be told", e);
        }
        loop.after(ADDRESS_CHECK, this::checkAddress);
    }
}
