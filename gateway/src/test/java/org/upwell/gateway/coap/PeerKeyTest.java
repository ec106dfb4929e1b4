// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PeerKeyTest {

    @Test
    void equalAddressesHaveEqualKeys() {
        for (String host : new String[] {"10.1.2.3", "2001:db8::1"}) {
            Object key = PeerKey.of(new InetSocketAddress(host, 4849));
            assertThat(PeerKey.of(new InetSocketAddress(host, 4849)))
                    .isEqualTo(key)
                    .hasSameHashCodeAs(key);
            assertThat(PeerKey.of(new InetSocketAddress(host, 4850))).isNotEqualTo(key);
        }
        assertThat(PeerKey.of(new InetSocketAddress("10.1.2.4", 4849)))
                .isNotEqualTo(PeerKey.of(new InetSocketAddress("10.1.2.3", 4849)));
        assertThat(PeerKey.of(new InetSocketAddress("2001:db8::1:0:0:2", 4849)))
                .isNotEqualTo(PeerKey.of(new InetSocketAddress("2001:db8:0:1::2", 4849)));
    }

    @Test
    void portsInARowAtHostsInARowFillDifferentBuckets() {
        Set<Object> keys = new HashSet<>();
        Set<Integer> buckets = new HashSet<>();
        for (int host = 0; host < 100; host++) {
            for (int port = 0; port < 100; port++) {
                for (String network : new String[] {"10.0.0." + host, "2001:db8::" + host}) {
                    Object key = PeerKey.of(new InetSocketAddress(network, 20_000 + port));
                    keys.add(key);
                    int hash = key.hashCode();
                    buckets.add((hash ^ (hash >>> 16)) & 0x7fff); // as HashMap does with a table of that size
                }
            }
        }
        assertThat(keys).hasSize(20_000);
        // Of 20,000 thrown at random into 32,768 some 14,900 are not empty.
        assertThat(buckets).hasSizeGreaterThan(14_000);
    }
}
