// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LastingPortsTest {

    @Test
    void noPortIsGivenTwice() throws Exception {
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            assertThat(given.add(LastingPorts.tcp())).isTrue();
            assertThat(given.add(LastingPorts.udp())).isTrue();
        }
        assertThat(given).allMatch(port -> port >= 12_000 && port < 32_000);
    }

    @Test
    void portThatIsTakenIsPassedOver() throws Exception {
        int next = LastingPorts.tcp() + 1;
        try (ServerSocket socket = new ServerSocket()) {
            take(() -> socket.bind(at(next)));
            assertThat(LastingPorts.tcp()).isNotEqualTo(next);
        }
        int nextUdp = LastingPorts.udp() + 1;
        try (DatagramSocket socket = new DatagramSocket(null)) {
            take(() -> socket.bind(at(nextUdp)));
            assertThat(LastingPorts.udp()).isNotEqualTo(nextUdp);
        }
    }

    private interface Bind {
        void run() throws IOException;
    }

    private static void take(Bind bind) throws IOException {
        try {
            bind.run();
        } catch (BindException _) {
            // Somebody else has it, which is as good.
        }
    }

    private static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    }
}
