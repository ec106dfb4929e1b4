// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.upwell.app.process.Children;

/// A broker in a process that we started, with a directory of its own that goes with it.
final class StartedBroker implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);
    private static final long BETWEEN_LOOKS_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Peer peer;
    private final Children.Child child;
    private final Path directory;

    private StartedBroker(Peer peer, Children.Child child, Path directory) {
        this.peer = peer;
        this.child = child;
        this.directory = directory;
    }

    Peer peer() {
        return peer;
    }

    /// Starts it and waits until its port answers.
    ///
    /// @param arguments that the generator needs to reach it
    static StartedBroker start(
            String name,
            List<String> command,
            Map<String, String> environment,
            int port,
            List<String> arguments,
            Path directory)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(directory.resolve("out.log").toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        Children.Child child = Children.watch(process);
        Thread.ofVirtual().start(child::readErrors);
        StartedBroker broker = new StartedBroker(new Peer(name, port, process.pid(), arguments), child, directory);
        boolean answers = false;
        try {
            broker.awaitPort(port);
            answers = true;
        } finally {
            if (!answers) {
                broker.close();
            }
        }
        return broker;
    }

    /// Waits until a port of it answers.
    ///
    /// @throws IOException if it ends before, or takes too long
    void awaitPort(int port) throws IOException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!answers(port)) {
            if (!child.isAlive()) {
                throw new IOException(peer.name() + " ended: " + child.errors());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(peer.name() + " does not answer on port " + port);
            }
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
        }
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            child.close();
        } finally {
            ScratchDirectories.delete(directory);
        }
    }
}
