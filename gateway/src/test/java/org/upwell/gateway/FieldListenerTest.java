// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.FOREIGN_MAC;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.bubbleUp;
import static org.upwell.gateway.GatewayFixture.registration;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.UserProperty;
import org.upwell.gateway.FakeBrokerLink.Published;
import org.upwell.gateway.event.GatewayEvent;

/// Field protocol §5, byte by byte from the side of the device.
@Timeout(60)
class FieldListenerTest {

    private GatewayFixture fixture = new GatewayFixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private void restart(GatewayConfig config) {
        fixture.close();
        fixture = new GatewayFixture(config);
    }

    /// ```
    /// NIC                                         gateway
    ///  | CON POST /nic?mac=001350050047dd92&boot=1   |
    ///  |-------------------------------------------->|
    ///  |            ACK 2.04, Max-Age 900            |
    ///  |<--------------------------------------------|
    /// ```
    @Test
    void registrationIsAnsweredWithItsLife() {
        Peer nic = fixture.nic();
        nic.send(registration(0x1234, MAC, 1));
        assertThat(nic.receive().bytes()).isEqualTo(HexFormat.of().parseHex("6244" + "1234" + "0a0b" + "d2010384"));
        assertThat(fixture.gateway.registeredDevices()).isEqualTo(1);
    }

    @Test
    void registrationNeedsMacAndBoot() {
        Peer nic = fixture.nic();
        Coap withoutBoot = Coap.con(Coap.POST, nic.nextMid(), "").path("nic").query("mac=" + MAC);
        assertThat(nic.ask(withoutBoot).codeText()).isEqualTo("4.00");
        Coap badMac = Coap.con(Coap.POST, nic.nextMid(), "").path("nic").query("mac=00135005", "boot=1");
        assertThat(nic.ask(badMac).codeText()).isEqualTo("4.00");
        assertThat(fixture.gateway.registeredDevices()).isZero();
    }

    /// A stranger's datagrams vanish; the device's own exchange afterwards proves that they were looked at and
    /// dropped.
    @Test
    void sourceOutsideTheNetworksGetsNoAnswerAndReachesNothing() {
        Peer nic = fixture.nic(MAC);
        Peer stranger = fixture.stranger();
        stranger.send(registration(1, MAC, 1));
        stranger.send(bubbleUp(2, MAC, 1, 1));
        stranger.send(Coap.con(0, 3, ""));
        await().until(() -> fixture.count(GatewayEvent.FIELD_SOURCE_OUTSIDE_NETWORKS) == 3);

        assertThat(nic.ask(bubbleUp(4, MAC, 1, 7)).code()).isEqualTo(Coap.CHANGED);
        assertThat(stranger.pending()).isEmpty();
        assertThat(fixture.bridge().published()).hasSize(1);
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_FORGED)).isZero();
    }

    @Test
    void notificationFromAnAddressThatNobodyRegisteredIsUnauthorized() {
        Peer nic = fixture.nic();
        assertThat(nic.ask(bubbleUp(1, MAC, 1, 1)).codeText()).isEqualTo("4.01");
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_UNREGISTERED)).isEqualTo(1);
        assertThat(fixture.bridge().published()).isEmpty();
    }

    @Test
    void notificationInAnotherDevicesNameIsForbidden() {
        fixture.nic(FOREIGN_MAC);
        Peer forger = fixture.nic(MAC);
        assertThat(forger.ask(bubbleUp(1, FOREIGN_MAC, 1, 1)).codeText()).isEqualTo("4.03");
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_FORGED)).isEqualTo(1);
        assertThat(fixture.bridge().published()).isEmpty();
    }

    /// The same address but another port is another device: in a mesh behind one router only the port tells them
    /// apart.
    @Test
    void registrationCountsForItsPortOnly() {
        fixture.nic(MAC);
        Peer otherPort = fixture.nic();
        assertThat(otherPort.ask(bubbleUp(1, MAC, 1, 1)).codeText()).isEqualTo("4.01");
    }

    @Test
    void payloadGoesUnchangedToTheTopicOfTheOwner() {
        Peer nic = fixture.nic(MAC);
        byte[] wrapped = HexFormat.of().parseHex("A2006474656D700172313534303538343938322C37322E35302C46");
        Coap request = Coap.con(Coap.POST, 1, "aa")
                .path("bubbleup", "alert")
                .query("mac=" + MAC, "uri=/arduino/other?sens", "boot=3", "seq=41")
                .payload(wrapped);
        assertThat(nic.ask(request).bytes()).isEqualTo(HexFormat.of().parseHex("61440001aa"));

        Published published = fixture.bridge().published().getFirst();
        assertThat(published.message().topic()).isEqualTo("TN01/alert/" + MAC + "/temp");
        assertThat(published.message().payload()).isEqualTo(wrapped);
        assertThat(published.message().qos()).isEqualTo(QoS.AT_LEAST_ONCE);
        assertThat(published.message().retain()).isFalse();
        assertThat(published.message().userProperties())
                .containsExactly(
                        new UserProperty("mac", MAC),
                        new UserProperty("sensor-uri", "/arduino/other?sens"),
                        new UserProperty("notification-seq", "41"),
                        new UserProperty("notification-boot", "3"),
                        new UserProperty("received-at", "2026-11-22T10:15:30Z"));
    }

    @Test
    void upperCaseMacIsWrittenInLowerCase() {
        Peer nic = GatewayFixture.register(fixture.nic(), "001350050047DD92", 1);
        assertThat(nic.ask(bubbleUp(1, "001350050047DD92", 1, 1)).code()).isEqualTo(Coap.CHANGED);
        assertThat(fixture.bridge().published().getFirst().message().topic())
                .isEqualTo("TN01/read/001350050047dd92/temp");
    }

    @Test
    void sensorTypeThatIsNoTopicLevelIsABadRequest() {
        Peer nic = fixture.nic(MAC);
        // {0: "a/b", 1: "x"}
        byte[] wrapped = HexFormat.of().parseHex("A20063612F62016178");
        assertThat(nic.ask(bubbleUp(1, MAC, 1, 1).payload(wrapped)).codeText()).isEqualTo("4.00");
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_MALFORMED)).isEqualTo(1);
        assertThat(fixture.bridge().published()).isEmpty();
    }

    @Test
    void parametersAreChecked() {
        Peer nic = fixture.nic(MAC);
        Coap post = Coap.con(Coap.POST, 0, "").path("bubbleup", "read");
        List<Coap> broken = List.of(
                post.query("uri=/a", "boot=1", "seq=1"),
                post.query("mac=" + MAC, "boot=1", "seq=1"),
                post.query("mac=" + MAC, "uri=/a", "seq=1"),
                post.query("mac=" + MAC, "uri=/a", "boot=1"),
                post.query("mac=" + MAC, "uri=/a", "boot=-1", "seq=1"),
                post.query("mac=" + MAC, "uri=/a", "boot=1", "seq=1x"));
        for (Coap request : broken) {
            Coap answer = nic.ask(request.mid(nic.nextMid()));
            assertThat(answer.codeText()).as("%s", request).isEqualTo("4.00");
            assertThat(answer.payloadText()).isNotEmpty();
        }
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_MALFORMED)).isEqualTo(broken.size());
    }

    @Test
    void otherResourcesAndMethodsAreRefused() {
        Peer nic = fixture.nic(MAC);
        assertThat(nic.ask(Coap.con(Coap.GET, 1, "").path("nic")).codeText()).isEqualTo("4.05");
        assertThat(nic.ask(Coap.con(Coap.POST, 2, "").path("bubbleup", "presence"))
                        .codeText())
                .isEqualTo("4.04");
        assertThat(nic.ask(Coap.con(Coap.POST, 3, "").path("sessions")).codeText())
                .isEqualTo("4.04");
    }

    /// ```
    /// NIC                          gateway                 broker
    ///  | CON POST /bubbleup/read      |                       |
    ///  |----------------------------->| PUBLISH               |
    ///  |                              |---------------------->|
    ///  |          ACK (empty)         |                       |
    ///  |<-----------------------------|                       |
    ///  |                              |                PUBACK |
    ///  |        CON 2.04              |<----------------------|
    ///  |<-----------------------------|                       |
    ///  | ACK                          |                       |
    ///  |----------------------------->|                       |
    /// ```
    @Test
    void acknowledgedOnlyAfterTheBrokerDid() {
        restart(GatewayFixture.config().withTimes(GatewayFixture.PROMPT_ACKS));
        fixture.bridge().holdAcknowledgements();
        Peer nic = fixture.nic(MAC);
        nic.send(bubbleUp(0x2001, MAC, 1, 1));
        Published published = fixture.bridge().await(0);
        assertThat(nic.receive().bytes()).isEqualTo(HexFormat.of().parseHex("60002001"));
        assertThat(nic.pending()).isEmpty();

        published.acknowledge();
        Coap answer = nic.receive();
        assertThat(answer.type()).isEqualTo(Coap.CON);
        assertThat(answer.code()).isEqualTo(Coap.CHANGED);
        assertThat(answer.tokenHex()).isEqualTo("c0ffee");
        nic.send(Coap.ack(answer.mid()));
    }

    /// The lost answer of the gateway: the NIC sends the same datagram again and gets the same answer.
    @Test
    void repeatWithTheSameMessageIdIsAnsweredAgainAndNotPublished() {
        Peer nic = fixture.nic(MAC);
        Coap request = bubbleUp(0x2002, MAC, 1, 1);
        Coap first = nic.ask(request);
        Coap second = nic.ask(request);
        assertThat(second.bytes()).isEqualTo(first.bytes());
        assertThat(fixture.bridge().published()).hasSize(1);
    }

    @Test
    void repeatOfWhatIsUnderWayGetsTheSameOutcome() {
        fixture.bridge().holdAcknowledgements();
        Peer nic = fixture.nic(MAC);
        nic.send(bubbleUp(1, MAC, 1, 1));
        Published published = fixture.bridge().await(0);
        nic.send(bubbleUp(2, MAC, 1, 1));
        await().until(() -> fixture.count(GatewayEvent.BUBBLE_UP_JOINED) == 1);
        published.acknowledge();
        assertThat(nic.receiveMessage().code()).isEqualTo(Coap.CHANGED);
        assertThat(nic.receiveMessage().code()).isEqualTo(Coap.CHANGED);
        assertThat(fixture.bridge().published()).hasSize(1);
    }

    @Test
    void repeatOfWhatIsPublishedIsAcknowledgedAndDropped() {
        Peer nic = fixture.nic(MAC);
        assertThat(nic.ask(bubbleUp(1, MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
        assertThat(nic.ask(bubbleUp(2, MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
        assertThat(fixture.bridge().published()).hasSize(1);
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_REPEATED)).isEqualTo(1);
    }

    @Test
    void numbersThatStartAgainAfterABootAreNotRepeats() {
        Peer nic = fixture.nic(MAC);
        assertThat(nic.ask(bubbleUp(1, MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
        assertThat(nic.ask(bubbleUp(2, MAC, 2, 1)).code()).isEqualTo(Coap.CHANGED);
        assertThat(fixture.bridge().published()).hasSize(2);
    }

    @Test
    void absentBrokerIsTemporary() {
        fixture.bridge().connected(false);
        Peer nic = fixture.nic(MAC);
        Coap refusal = nic.ask(bubbleUp(1, MAC, 1, 1));
        assertThat(refusal.codeText()).isEqualTo("5.03");
        assertThat(refusal.uintOption(Coap.MAX_AGE)).isBetween(5, 10);

        fixture.bridge().connected(true);
        assertThat(nic.ask(bubbleUp(2, MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
        assertThat(fixture.bridge().published()).hasSize(1);
    }

    @Test
    void tooMuchUnderWayIsTemporary() {
        fixture.bridge().busy(true);
        Peer nic = fixture.nic(MAC);
        Coap refusal = nic.ask(bubbleUp(1, MAC, 1, 1));
        assertThat(refusal.codeText()).isEqualTo("5.03");
        assertThat(refusal.uintOption(Coap.MAX_AGE)).isBetween(2, 4);
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_BROKER_BUSY)).isEqualTo(1);
    }

    @Test
    void refusedByTheBrokerIsNeverAcknowledged() {
        fixture.bridge().holdAcknowledgements();
        Peer nic = fixture.nic(MAC);
        nic.send(bubbleUp(1, MAC, 1, 1));
        fixture.bridge().await(0).refuse(ReasonCode.NOT_AUTHORIZED);
        assertThat(nic.receiveMessage().codeText()).isEqualTo("5.03");
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_REFUSED)).isEqualTo(1);

        // Not remembered as published.
        nic.send(bubbleUp(2, MAC, 1, 1));
        fixture.bridge().await(1).acknowledge();
        assertThat(nic.receiveMessage().code()).isEqualTo(Coap.CHANGED);
    }

    /// The gateway does not hold the NIC for ever, and what it sends again then is not published a second time.
    @Test
    void slowBrokerIsAnsweredForAndItsAcknowledgementStillCounts() {
        restart(GatewayFixture.config()
                .withBridge(new GatewayConfig.Bridge(QoS.AT_LEAST_ONCE, 1, 1, Duration.ofMillis(400))));
        fixture.bridge().holdAcknowledgements();
        Peer nic = fixture.nic(MAC);
        nic.send(bubbleUp(1, MAC, 1, 1));
        Coap late = nic.receiveMessage();
        assertThat(late.codeText()).isEqualTo("5.03");
        nic.send(Coap.ack(late.mid()));
        assertThat(fixture.count(GatewayEvent.BUBBLE_UP_LATE)).isEqualTo(1);

        fixture.bridge().await(0).acknowledge();
        assertThat(nic.ask(bubbleUp(2, MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
        assertThat(fixture.bridge().published()).hasSize(1);
    }

    @Test
    void qosIsTheConfiguredOne() {
        for (QoS qos : QoS.values()) {
            restart(GatewayFixture.config().withBridge(GatewayConfig.Bridge.DEFAULT.withQos(qos)));
            Peer nic = fixture.nic(MAC);
            assertThat(nic.ask(bubbleUp(1, MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
            assertThat(fixture.bridge().published().getFirst().message().qos()).isEqualTo(qos);
        }
    }

    @Test
    void messagesOfADeviceKeepTheirOrder() {
        fixture.bridge().holdAcknowledgements();
        Peer nic = fixture.nic(MAC);
        int count = 50;
        for (int i = 0; i < count; i++) {
            nic.send(bubbleUp(100 + i, MAC, 1, i));
        }
        fixture.bridge().await(count - 1);
        List<String> numbers = fixture.bridge().published().stream()
                .map(published -> published.message().userProperties().get(2).value())
                .toList();
        assertThat(numbers).isSortedAccordingTo((a, b) -> Integer.compare(Integer.parseInt(a), Integer.parseInt(b)));
    }

    @Test
    void bridgeInstancesShareTheDevices() {
        GatewayConfig.Bridge three = new GatewayConfig.Bridge(
                QoS.AT_LEAST_ONCE, 3, 5, GatewayConfig.Bridge.DEFAULT.acknowledgementPatience());
        restart(GatewayFixture.config().withBridge(three));
        assertThat(fixture.links.keySet())
                .containsExactlyInAnyOrder(
                        "gw-coap-mqtt-bridge-005",
                        "gw-coap-mqtt-bridge-006",
                        "gw-coap-mqtt-bridge-007",
                        "gw-presence-00000000005")
                .allMatch(clientId -> clientId.length() == 23);
        for (int device = 0; device < 30; device++) {
            String mac = String.format(Locale.ROOT, "0013500500480%03x", device);
            fixture.owners.put(Mac.parse(mac), "TN01");
            Peer nic = fixture.nic(mac);
            nic.ask(bubbleUp(1, mac, 1, 1));
            nic.ask(bubbleUp(2, mac, 1, 2));
        }
        int all = 0;
        for (String clientId :
                List.of("gw-coap-mqtt-bridge-005", "gw-coap-mqtt-bridge-006", "gw-coap-mqtt-bridge-007")) {
            List<String> topics = fixture.link(clientId).published().stream()
                    .map(published -> published.message().topic())
                    .toList();
            assertThat(topics).as(clientId).isNotEmpty();
            // Both messages of a device on the same connection.
            assertThat(topics.size())
                    .isEqualTo(2 * (int) topics.stream().distinct().count());
            all += topics.size();
        }
        assertThat(all).isEqualTo(60);
    }
}
