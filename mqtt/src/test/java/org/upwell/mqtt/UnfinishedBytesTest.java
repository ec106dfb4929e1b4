// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;

/// Clients that begin large packets and do not end them.
@Timeout(60)
class UnfinishedBytesTest {

    /// Takes all room but `left` bytes, as other connections would.
    private static long takeAllBut(SharedRoom room, long left) {
        long taken = 0;
        for (long piece = Long.highestOneBit(Long.MAX_VALUE); piece > 0; piece /= 2) {
            if (room.take(piece)) {
                taken += piece;
            }
        }
        room.giveBack(left);
        return taken - left;
    }

    @Test
    void whoFindsNoRoomForALargeOneIsToldAndSmallOnesGoOn() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient large = TestClient.connected(broker, MqttVersion.MQTT_5, "large");
                TestClient small = TestClient.connected(broker, MqttVersion.MQTT_5, "small")) {
            long taken = takeAllBut(broker.server.unfinishedRoom(), 20_000);
            ByteBuf first = TestClient.publishBytes(1_000);
            small.sendBytes(first.readSlice(500));
            small.sendBytes(first);
            small.expectNothingButPong();

            // Most of it comes when that is decided, and does not keep the word from it.
            large.sendBytes(TestClient.publishBytes(500_000).readSlice(490_000));
            assertThat(large.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
            large.expectClosed();
            assertThat(broker.broker.counters().connectionsCrowdedOut.sum()).isEqualTo(1);
            broker.server.unfinishedRoom().giveBack(taken);
        }
    }

    /// No rule ends the silence of a client without keep-alive; but memory is kept for nobody for ever.
    @Test
    void whoHasNoKeepAliveMayBeSilentButNotInAPacket() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.limits = new TestLimits().maxKeepAliveSeconds(1).build();
        try (TestBroker broker = options.start();
                TestClient silent = withoutKeepAlive(broker, "silent");
                TestClient stuck = withoutKeepAlive(broker, "stuck")) {
            stuck.sendBytes(TestClient.publishBytes(100).readSlice(50));
            stuck.expectClosed();
            silent.expectNothingButPong();
        }
    }

    private static TestClient withoutKeepAlive(TestBroker broker, String clientId) throws IOException {
        TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1);
        client.connect(new Connect(MqttVersion.MQTT_3_1_1, clientId, true, 0, null, null, null, Properties.NONE));
        return client;
    }

    @Test
    void aPacketThatIsCompleteGivesItsRoomBack() throws Exception {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            // Room for one of them at a time, whose buffer is at most four times as large.
            long taken = takeAllBut(broker.server.unfinishedRoom(), 450_000);
            for (int i = 0; i < 20; i++) {
                ByteBuf packet = TestClient.publishBytes(100_000);
                client.sendBytes(packet.readSlice(90_000));
                assertThat(client.receiveWithin(1)).isNull();
                client.sendBytes(packet);
                client.expectNothingButPong();
            }
            await().until(() -> broker.server.unfinishedRoom().take(450_000));
            broker.server.unfinishedRoom().giveBack(taken + 450_000);
        }
    }

    /// A client that sends without a pause ends few reads between two packets.
    @Test
    void whatTheNextPacketDoesNotNeedIsGivenBackThoughThatHasBegun() throws Exception {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            long taken = takeAllBut(broker.server.unfinishedRoom(), 1_700_000);
            ByteBuf packets = TestClient.publishBytes(410_000);
            client.sendBytes(packets.readSlice(400_000));
            assertThat(client.receiveWithin(1)).isNull();
            ByteBuf next = TestClient.publishBytes(100);
            packets.writeBytes(next, 50);
            client.sendBytes(packets);
            // All but what one read may take.
            await().until(() -> broker.server.unfinishedRoom().take(1_500_000));
            client.sendBytes(next);
            client.expectNothingButPong();
            broker.server.unfinishedRoom().giveBack(taken + 1_500_000);
        }
    }
}
