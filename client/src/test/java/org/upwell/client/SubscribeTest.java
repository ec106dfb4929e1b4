// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.QUICKLY;
import static org.upwell.client.ClientFixture.assertPending;
import static org.upwell.client.ClientFixture.await;
import static org.upwell.client.ClientFixture.awaitFailure;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;

@Timeout(20)
class SubscribeTest {

    private ClientFixture fixture;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new ClientFixture();
    }

    @AfterEach
    void tearDown() throws IOException {
        fixture.close();
    }

    private static SubAck granted(int packetId, ReasonCode... reasons) {
        return new SubAck(packetId, List.of(reasons), Properties.NONE);
    }

    private static Subscribe subscribe(int packetId, String... filters) {
        List<Subscribe.Request> requests = new ArrayList<>();
        for (String filter : filters) {
            requests.add(new Subscribe.Request(filter, QoS.AT_LEAST_ONCE));
        }
        return new Subscribe(packetId, requests, Properties.NONE);
    }

    private CompletionStage<SubAck> subscribe(FakeServer.Peer peer, int packetId, String filter, ReasonCode reason)
            throws IOException {
        CompletionStage<SubAck> subscribed = fixture.client().subscribe(filter, QoS.AT_LEAST_ONCE);
        peer.expect(subscribe(packetId, filter));
        peer.send(granted(packetId, reason));
        await(subscribed);
        return subscribed;
    }

    @Test
    void theServersAnswerIsTheResult() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        Properties identifier = Properties.builder()
                .integer(Property.SUBSCRIPTION_IDENTIFIER, 5)
                .build();
        List<Subscribe.Request> requests = List.of(
                new Subscribe.Request("a/#", QoS.EXACTLY_ONCE, true, true, Subscribe.RetainHandling.DO_NOT_SEND),
                new Subscribe.Request("b", QoS.AT_MOST_ONCE));
        CompletionStage<SubAck> subscribed = fixture.client().subscribe(requests, identifier);
        peer.expect(new Subscribe(1, requests, identifier));
        assertPending(subscribed);
        SubAck answer = granted(1, ReasonCode.GRANTED_QOS_2, ReasonCode.NOT_AUTHORIZED);
        peer.send(answer);
        assertThat(await(subscribed)).isEqualTo(answer);

        CompletionStage<UnsubAck> unsubscribed = fixture.client().unsubscribe(List.of("a/#"));
        peer.expect(new Unsubscribe(2, List.of("a/#"), Properties.NONE));
        UnsubAck gone = new UnsubAck(2, List.of(ReasonCode.SUCCESS), Properties.NONE);
        peer.send(gone);
        assertThat(await(unsubscribed)).isEqualTo(gone);
    }

    @Test
    void in311AnAnswerHasLessToSay() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().version(MqttVersion.MQTT_3_1_1));
        CompletionStage<SubAck> subscribed = fixture.client().subscribe("a", QoS.AT_LEAST_ONCE);
        peer.expect(subscribe(1, "a"));
        peer.send(granted(1, ReasonCode.NOT_AUTHORIZED));
        assertThat(await(subscribed).reasons()).containsExactly(ReasonCode.UNSPECIFIED_ERROR);

        CompletionStage<UnsubAck> unsubscribed = fixture.client().unsubscribe(List.of("a", "b"));
        peer.expect(Unsubscribe.class);
        peer.send(new UnsubAck(2, List.of(), Properties.NONE));
        assertThat(await(unsubscribed).reasons()).isEmpty();
    }

    @Test
    void whatWasGrantedIsSubscribedAgainWhenTheSessionIsLost() throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options().reconnect(QUICKLY));
        subscribe(first, 1, "granted", ReasonCode.GRANTED_QOS_1);
        subscribe(first, 2, "refused", ReasonCode.NOT_AUTHORIZED);
        subscribe(first, 3, "gone", ReasonCode.GRANTED_QOS_1);
        CompletionStage<UnsubAck> unsubscribed = fixture.client().unsubscribe(List.of("gone"));
        first.expect(Unsubscribe.class);
        first.send(new UnsubAck(4, List.of(ReasonCode.SUCCESS), Properties.NONE));
        await(unsubscribed);
        subscribe(first, 5, "$share/g/x", ReasonCode.SUCCESS);
        first.reset();

        FakeServer.Peer second = fixture.server.acceptSession(false);
        second.expect(subscribe(6, "granted", "$share/g/x"));
        second.send(granted(6, ReasonCode.GRANTED_QOS_1, ReasonCode.NOT_AUTHORIZED));
        second.close();

        // What was refused the second time is not asked for a third.
        FakeServer.Peer third = fixture.server.acceptSession(false);
        third.expect(subscribe(7, "granted"));
    }

    /// The connection on which the server should have been asked again may end first, and the client with it.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatWasAskedForAgainInVainIsNotForgotten(boolean sessionPresent) throws IOException {
        FakeServer.Peer first =
                fixture.connect(fixture.options().cleanStart(false).sessionExpiry(Duration.ofHours(1)));
        subscribe(first, 1, "granted", ReasonCode.GRANTED_QOS_1);
        endWithout(first);
        FakeServer.Peer second = again(false);
        second.expect(subscribe(3, "granted"));
        endWithout(second);

        FakeServer.Peer third = again(sessionPresent);
        third.expect(subscribe(5, "granted"));
        third.send(granted(5, ReasonCode.GRANTED_QOS_1));
        third.expectSilence();
        endWithout(third);
        again(true).expectSilence();
    }

    private FakeServer.Peer again(boolean sessionPresent) throws IOException {
        CompletionStage<?> connected = fixture.client().connect();
        FakeServer.Peer peer = fixture.server.acceptSession(sessionPresent);
        await(connected);
        return peer;
    }

    /// Ends the connection and waits until the client, which does not come back by itself, knows.
    private void endWithout(FakeServer.Peer peer) throws IOException {
        CompletionStage<?> open = fixture.client().unsubscribe(List.of("none"));
        peer.expect(Unsubscribe.class);
        peer.close();
        awaitFailure(open);
    }

    @Test
    void aResumedSessionIsNotSubscribedAgain() throws IOException {
        FakeServer.Peer first =
                fixture.connect(fixture.options().cleanStart(false).reconnect(QUICKLY));
        subscribe(first, 1, "granted", ReasonCode.GRANTED_QOS_1);
        first.reset();

        fixture.server.acceptSession(true).expectSilence();
    }

    @Test
    void subscribingAgainCanBeTurnedOff() throws IOException {
        FakeServer.Peer first =
                fixture.connect(fixture.options().reconnect(QUICKLY).resubscribe(false));
        subscribe(first, 1, "granted", ReasonCode.GRANTED_QOS_1);
        first.reset();

        fixture.server.acceptSession(false).expectSilence();
    }

    @Test
    void aRequestWithoutAnswerIsMadeAgainOnTheNextConnection() throws IOException {
        FakeServer.Peer first =
                fixture.connect(fixture.options().cleanStart(false).reconnect(QUICKLY));
        CompletionStage<SubAck> one = fixture.client().subscribe("1", QoS.AT_LEAST_ONCE);
        CompletionStage<UnsubAck> two = fixture.client().unsubscribe(List.of("2"));
        first.expect(subscribe(1, "1"));
        first.expect(Unsubscribe.class);
        first.reset();
        FakeServer.Peer second = fixture.server.accept();
        second.expect(Connect.class);
        CompletionStage<SubAck> three = fixture.client().subscribe("3", QoS.AT_LEAST_ONCE);
        second.send(new ConnAck(true, ReasonCode.SUCCESS, Properties.NONE));

        second.expect(subscribe(3, "1"));
        second.expect(new Unsubscribe(4, List.of("2"), Properties.NONE));
        second.expect(subscribe(5, "3"));
        second.send(
                granted(3, ReasonCode.GRANTED_QOS_1),
                new UnsubAck(4, List.of(ReasonCode.NO_SUBSCRIPTION_EXISTED), Properties.NONE),
                granted(5, ReasonCode.GRANTED_QOS_1));
        await(one);
        await(two);
        await(three);
    }

    @Test
    void manySubscriptionsAreMadeAgainInSeveralPackets() throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options().reconnect(QUICKLY));
        for (int i = 0; i < 120; i++) {
            subscribe(first, i + 1, "f" + i, ReasonCode.GRANTED_QOS_1);
        }
        first.reset();

        FakeServer.Peer second = fixture.server.acceptSession(false);
        List<String> filters = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            second.expect(Subscribe.class).requests().forEach(request -> filters.add(request.filter()));
        }
        assertThat(filters).hasSize(120).startsWith("f0", "f1").endsWith("f119");
    }

    @Test
    void answersThatDoNotFitEndTheConnection() throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options().reconnect(QUICKLY));
        CompletionStage<SubAck> subscribed = fixture.client().subscribe("a", QoS.AT_LEAST_ONCE);
        first.expect(subscribe(1, "a"));
        first.send(granted(1, ReasonCode.GRANTED_QOS_1, ReasonCode.GRANTED_QOS_1));
        first.expect(new Disconnect(ReasonCode.PROTOCOL_ERROR, Properties.NONE));

        FakeServer.Peer second = fixture.server.acceptSession(false);
        second.expect(subscribe(2, "a"));
        second.send(granted(7, ReasonCode.GRANTED_QOS_1));
        second.expect(new Disconnect(ReasonCode.PROTOCOL_ERROR, Properties.NONE));
        assertPending(subscribed);
    }

    @Test
    void withoutAConnectionRequestsAreRefused() {
        fixture.client(fixture.options());

        assertThat(awaitFailure(fixture.client().subscribe("a", QoS.AT_MOST_ONCE))
                        .kind())
                .isEqualTo(MqttException.Kind.CONNECTION_LOST);
        assertThat(awaitFailure(fixture.client().unsubscribe(List.of("a"))).kind())
                .isEqualTo(MqttException.Kind.CONNECTION_LOST);
    }
}
