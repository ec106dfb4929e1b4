// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworksTest {

    private static boolean contains(List<String> networks, String address) {
        return Networks.parse(networks).contains(InetAddress.ofLiteral(address));
    }

    @Test
    void prefixDecides() {
        List<String> ten = List.of("10.16.0.0/12");
        assertThat(contains(ten, "10.16.0.0")).isTrue();
        assertThat(contains(ten, "10.31.255.255")).isTrue();
        assertThat(contains(ten, "10.32.0.0")).isFalse();
        assertThat(contains(ten, "10.15.255.255")).isFalse();
        List<String> six = List.of("2001:db8:8000::/33");
        assertThat(contains(six, "2001:db8:8000::1")).isTrue();
        assertThat(contains(six, "2001:db8:7fff::1")).isFalse();
    }

    @Test
    void addressStandsForItselfAndZeroForAll() {
        assertThat(contains(List.of("192.0.2.7"), "192.0.2.7")).isTrue();
        assertThat(contains(List.of("192.0.2.7"), "192.0.2.6")).isFalse();
        assertThat(contains(List.of("0.0.0.0/0"), "203.0.113.9")).isTrue();
        assertThat(contains(List.of("0.0.0.0/0"), "::1")).isFalse();
    }

    @Test
    void anyOfTheNetworksWillDo() {
        assertThat(contains(List.of("192.0.2.0/24", "fd00::/8"), "fd12::1")).isTrue();
        assertThat(contains(List.of(), "127.0.0.1")).isFalse();
    }

    @Test
    void faultNamesTheEntry() {
        for (String entry :
                List.of("10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "10.0.0/8", "example.org/8", "::/129")) {
            assertThatIllegalArgumentException()
                    .as(entry)
                    .isThrownBy(() -> Networks.parse(List.of(entry)))
                    .withMessageContaining("'" + entry + "'");
        }
    }
}
