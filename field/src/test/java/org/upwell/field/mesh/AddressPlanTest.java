// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPlanTest {
    @ParameterizedTest
    @ValueSource(strings = {"127.64.0.0/10", "127.255.255.0/24", "fd00:5eed::/64", "fd00:5eed::ffff:0/112"})
    void numbersAndAddressesAreTheSameBothWays(String range) {
        AddressPlan plan = AddressPlan.parse(range);
        for (long number : new long[] {0, 1, 255, plan.count() / 2, plan.count() - 1}) {
            assertThat(plan.number(plan.address(number))).isEqualTo(number);
        }
        assertThat(plan.number(plan.address(plan.count()))).isEqualTo(-1);
        assertThat(plan.number(InetAddress.ofLiteral("10.0.0.1").getAddress())).isEqualTo(-1);
        assertThat(plan.number(InetAddress.ofLiteral("fe80::1").getAddress())).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "127.0.0.1", "127.0.0.1/33", "host/8", "127.0.0.1/x", "0.0.0.0/8", "224.0.0.0/8"})
    void otherTextIsRefused(String text) {
        assertThatThrownBy(() -> AddressPlan.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theUsualRangeIsLoopback() {
        AddressPlan plan = AddressPlan.LOOPBACK;
        assertThat(plan.address(0)).isEqualTo(new byte[] {127, 1, 0, 0});
        assertThat(plan.address(plan.count() - 1)).isEqualTo(new byte[] {127, (byte) 254, (byte) 255, (byte) 255});
    }
}
