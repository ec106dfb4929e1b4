// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.field.mesh.MeshField;

class FieldTallyTest {

    private static final long BOOT = 1_795_000_000L;

    private static Publish message(String mac, long boot, int sequence) {
        Properties properties = Properties.builder()
                .user("notification-boot", Long.toString(boot))
                .user("notification-seq", Integer.toString(sequence))
                .build();
        byte[] payload = {1};
        return new Publish("acme/read/" + mac + "/temp", payload, QoS.AT_LEAST_ONCE, false, false, 1, properties);
    }

    /// They wait in the subscriber's session, and have the same numbers.
    @Test
    void leftoversOfAnEarlierRunAreNotCounted() {
        MeshField.Settings settings = MeshField.Settings.of(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 5683), 2, 1, Duration.ofSeconds(1), BOOT);
        FieldTally tally = new FieldTally(settings, () -> 0);
        tally.onMade(0, 1);
        tally.onMade(0, 2);
        tally.onMessage(message(settings.mac(0), BOOT - 100, 1));
        assertThat(tally.balance().lost()).isEqualTo(2);
        tally.onMessage(message(settings.mac(0), BOOT, 1));
        // It has started anew meanwhile.
        tally.onMessage(message(settings.mac(0), BOOT + 1, 2));
        assertThat(tally.balance().lost()).isZero();
        assertThat(tally.balance().duplicated()).isZero();
    }
}
