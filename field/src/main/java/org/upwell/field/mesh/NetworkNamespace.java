// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A network of its own for the sockets of a field, in which all of its IPv6 addresses are local, while the rest of
/// this process stays in the host's. Linux with IPv6, `ip` and the rights of root. Thread-safe.
///
/// ```
///   host                                          namespace
///   gateway, at G             fe80::1 = fe80::2   NICs, at PREFIX
///   PREFIX via fe80::2           veth pair        local PREFIX dev lo, G via fe80::1
/// ```
///
/// 1. A namespace belongs to a thread, and a socket to that of the thread that made it, for good. So one thread of
/// ours goes to a new one, and whoever wants a socket there has it made by [#call].
/// 2. The namespace has no name and no other route, so nothing of it leaves the machine; a host that forwards has
/// nobody's packets to forward.
/// 3. The system ends it when the last thread and socket in it are gone, and with it the pair, and with that its
/// addresses and routes: nothing is left whatever ends this process, `kill -9` too. [#close] is for those who want
/// it at once.
public final class NetworkNamespace implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NetworkNamespace.class);
    private static final AtomicInteger OPENED = new AtomicInteger();

    private static final String PAIRS = "veth pairs, and the right to make them (CAP_NET_ADMIN, which root has)";
    private static final String IPV6 = "IPv6, not switched off by net.ipv6.conf.*.disable_ipv6";

    private final ExecutorService inside = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("namespace").factory());
    /// The host's end of the pair; unique among processes, and at most 15 characters.
    private final String link = "upw" + ProcessHandle.current().pid() + "-" + OPENED.incrementAndGet() % 1_000;

    private NetworkNamespace() {}

    /// @param addresses that are local in it
    /// @param gateway an address that this host has, but not of loopback
    /// @throws IllegalArgumentException if this cannot be with these addresses
    /// @throws IOException names what the host lacks
    public static NetworkNamespace open(AddressPlan addresses, InetAddress gateway) throws IOException {
        if (!addresses.isIpv6() || !(gateway instanceof Inet6Address)) {
            throw new IllegalArgumentException("a network namespace is for IPv6 addresses of NICs and gateway");
        }
        if (gateway.isLoopbackAddress() || gateway.isLinkLocalAddress() || gateway.isAnyLocalAddress()) {
            throw new IllegalArgumentException(
                    "from a network namespace there is no way to " + gateway.getHostAddress() + " of the host");
        }
        if (addresses.number(gateway.getAddress()) >= 0) {
            throw new IllegalArgumentException("the gateway must not have an address of the NICs");
        }
        String prefix = addresses.prefix();
        if (NetworkInterface.getByInetAddress(gateway) == null) {
            String text = gateway.getHostAddress();
            throw new IllegalArgumentException(
                    text + " is not an address of this host; before the gateway starts, 'ip -6 address add " + text
                            + "/128 dev lo' makes it one");
        }
        NetworkNamespace made = new NetworkNamespace();
        try {
            made.make(prefix, gateway.getHostAddress());
            return made;
        } catch (IOException | RuntimeException e) {
            made.close();
            throw e;
        }
    }

    private void make(String prefix, String gateway) throws IOException {
        call(() -> {
            leaveHost();
            IpCommand.run(PAIRS, "link set lo up");
            IpCommand.run(
                    PAIRS,
                    "link add field type veth peer name " + link + " netns "
                            + ProcessHandle.current().pid());
            raise("field", "fe80::2/64");
            IpCommand.run(IPV6, "-6 route add local " + prefix + " dev lo");
            IpCommand.run(IPV6, "-6 route add " + gateway + "/128 via fe80::1 dev field");
            return true;
        });
        raise(link, "fe80::1/64");
        IpCommand.run(IPV6, "-6 route add " + prefix + " via fe80::2 dev " + link + " src " + gateway);
    }

    private static void leaveHost() throws IOException {
        if (!Syscalls.isSupported()) {
            throw new IOException("a network namespace needs 64-bit Linux");
        }
        try (Arena arena = Arena.ofConfined()) {
            int result = Syscalls.unshareNetwork(arena.allocate(Syscalls.stateLayout()));
            if (result == -Syscalls.EPERM) {
                throw new IOException(
                        "a network namespace needs the right to make one (CAP_SYS_ADMIN, which root has)");
            }
            if (result < 0) {
                throw new IOException("this system makes no network namespace: error number " + -result);
            }
        }
    }

    /// At once with the one address that it is to have, which nobody else claims.
    private static void raise(String link, String address) throws IOException {
        IpCommand.run(PAIRS, "link set " + link + " addrgenmode none");
        IpCommand.run(IPV6, "-6 address add " + address + " dev " + link + " nodad");
        IpCommand.run(PAIRS, "link set " + link + " up");
    }

    /// The host's end of the pair.
    public String link() {
        return link;
    }

    /// Runs something in the namespace. The threads that it starts are in it, too.
    public <T> T call(Callable<T> task) throws IOException {
        try {
            return inside.submit(task).get();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case null, default -> throw new IOException("failed in the network namespace", e.getCause());
            }
        }
    }

    /// Takes the way to it away. What opened sockets in it is to close them before.
    @Override
    public void close() {
        inside.close();
        try {
            if (NetworkInterface.getByName(link) != null) {
                IpCommand.run(PAIRS, "link delete " + link);
            }
        } catch (IOException e) {
            LOG.warn("{} goes only with this process", link, e);
        }
    }
}
