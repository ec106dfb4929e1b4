// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.TENANT;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.journal.FactFields;
import org.upwell.gateway.journal.FactFile;

/// Sessions and observe relations when the gateway is killed and started anew at the same addresses. A kill is a
/// copy of the gateway's files, taken while it runs, that the next gateway begins with.
@Timeout(60)
class ObserveRestartTest extends NicAndApplication {

    private static final String TARGET = "coap://SSN" + MAC + ".x:4849/snsr/arduino/temp?sens";
    private static final String TOKEN_HEX = "1122334455667788";

    /// Kinds of facts, as files of earlier versions have them.
    private static final byte RELATION_FACT = 1;

    private static final byte ASKED_FACT = 4;
    private static final byte ANSWERED_FACT = 5;
    private static final byte REGISTERED_FACT = 1;

    private long answered;
    /// How many relations must have been asked for, at least, by what the files say when the gateway is killed.
    private long asked;

    ObserveRestartTest() {
        super(at(
                GatewayFixture.config(),
                onLoopback(GatewayFixture.lastingPort()),
                onLoopback(GatewayFixture.lastingPort())));
    }

    private static InetSocketAddress onLoopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static GatewayConfig at(GatewayConfig config, InetSocketAddress coap, InetSocketAddress field) {
        return config.withListeners(
                new GatewayConfig.Listener(coap),
                new GatewayConfig.Field(
                        field,
                        config.field().networks(),
                        config.field().registrationLife(),
                        config.field().sweep()));
    }

    @BeforeEach
    @Override
    void connect() {
        nic = GatewayFixture.register(fixture.nicAt(GatewayFixture.lastingPort()), MAC, 1);
        application = fixture.applicationAt(GatewayFixture.lastingPort(), TOKEN);
    }

    /// Ports stay as they were; what comes to them meanwhile is lost.
    private void kill() {
        kill(GatewayFixture.config());
    }

    private void kill(GatewayConfig next) {
        answered += fixture.count(GatewayEvent.OBSERVE_STARTED);
        await().until(() -> {
            copy(config.directory(), next.directory());
            return relationFactsIn(next.directory(), ANSWERED_FACT) == answered
                    && relationFactsIn(next.directory(), ASKED_FACT) >= asked
                    && isRegisteredIn(next.directory());
        });
        endAs(next, GatewayFixture::close);
    }

    /// How many relations were ever asked for or answered by what the files say, which is written a little later.
    private static long relationFactsIn(Path directory, byte kind) throws IOException {
        AtomicLong count = new AtomicLong();
        FactFile.open(directory.resolve("relations"), 1 << 20, reading(fact -> {
                    if (fact.get() == kind) {
                        count.incrementAndGet();
                    }
                }))
                .close();
        return count.get();
    }

    /// Whether the files say where the device is, which is written a little later, too.
    private boolean isRegisteredIn(Path directory) throws IOException {
        AtomicInteger port = new AtomicInteger();
        FactFile.open(directory.resolve("registrations"), 1 << 20, reading(fact -> {
                    if (fact.get() == REGISTERED_FACT) {
                        fact.getLong();
                        byte[] address = new byte[fact.get()];
                        fact.get(address);
                        port.set(fact.getShort() & 0xffff);
                    }
                }))
                .close();
        return port.get() == nic.address().getPort();
    }

    private static FactFile.State reading(Consumer<ByteBuffer> facts) {
        return new FactFile.State() {

            @Override
            public void fold(ByteBuffer fact) {
                facts.accept(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                throw new AssertionError("not that much is written");
            }
        };
    }

    private void endAs(GatewayConfig next, Consumer<GatewayFixture> end) {
        InetSocketAddress coap = fixture.gateway.coapAddresses().getFirst();
        InetSocketAddress field = fixture.gateway.fieldAddresses().getFirst();
        InetSocketAddress nicAddress = nic.address();
        InetSocketAddress applicationAddress = application.address();
        end.accept(fixture);
        config = at(next, coap, field);
        nic = new Peer(field, nicAddress.getAddress(), nicAddress.getPort());
        application = new Peer(coap, applicationAddress.getAddress(), applicationAddress.getPort());
    }

    private void start() {
        start(_ -> {});
    }

    private void start(Consumer<GatewayFixture> before) {
        fixture = new GatewayFixture(config, before);
        fixture.keep(nic);
        fixture.keep(application);
    }

    private static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    private static Coap register(int mid) {
        return register(mid, TOKEN_HEX);
    }

    private static Coap register(int mid, String token) {
        return Coap.con(Coap.GET, mid, token).with(Coap.OBSERVE, new byte[0]).with(Coap.PROXY_URI, TARGET);
    }

    private static Coap notification(Coap registration, int mid, int number, String payload) {
        return new Coap(Coap.NON, Coap.CONTENT, mid, registration.token(), List.of(), new byte[0])
                .with(Coap.OBSERVE, number)
                .with(Coap.MAX_AGE, 90)
                .payload(payload);
    }

    /// @return the number of the last notification
    private int establish() {
        application.send(register(application.nextMid()));
        Coap registration = nic.receive();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
        assertThat(application.receiveMessage().has(Coap.OBSERVE)).isTrue();
        nic.send(notification(registration, 1, 4, "before"));
        Coap before = application.receive();
        assertThat(before.payloadText()).isEqualTo("before");
        return before.uintOption(Coap.OBSERVE);
    }

    private Coap expectRegistration() {
        Coap registration = nic.receive();
        assertThat(registration.code()).isEqualTo(Coap.GET);
        assertThat(registration.uintOption(Coap.OBSERVE)).isZero();
        assertThat(registration.textOptions(Coap.URI_PATH)).containsExactly("snsr", "arduino", "temp");
        return registration;
    }

    private static void assertFollows(Coap notification, int former, String payload) {
        assertThat(notification.tokenHex()).isEqualTo(TOKEN_HEX);
        assertThat(notification.codeText()).isEqualTo("2.05");
        assertThat(notification.payloadText()).isEqualTo(payload);
        // RFC 7641 §3.4, with nothing said of 128 seconds.
        int ahead = (notification.uintOption(Coap.OBSERVE) - former) & 0xffffff;
        assertThat(ahead).isBetween(1, (1 << 23) - 1);
    }

    /// ```
    /// application                     gateway                        NIC
    ///  |      NON 2.05, Observe n       |          NON 2.05, Observe 4 |
    ///  |<-------------------------------|<-----------------------------|
    ///  |                               kill                            |
    ///  |                               start                           |
    ///  |                                | CON GET, Observe 0           |
    ///  |                                |----------------------------->|
    ///  |                                |          ACK 2.03, Observe 7 |
    ///  |                                |<-----------------------------|
    ///  |      NON 2.05, Observe n+…     |          NON 2.05, Observe 8 |
    ///  |<-------------------------------|<-----------------------------|
    /// ```
    @Test
    void relationGoesOnAfterAKill() {
        int number = establish();
        kill();
        start();
        Coap registration = expectRegistration();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 7));
        // Nobody is told of that answer; when this one is here, it has been heard.
        GatewayFixture.register(nic, MAC, 1);
        nic.send(notification(registration, 9, 8, "after"));
        Coap after = application.receive();
        assertThat(after.type()).isEqualTo(Coap.NON);
        assertFollows(after, number, "after");
        assertThat(fixture.count(GatewayEvent.OBSERVE_RESUMED)).isEqualTo(1);

        // A whole relation: also for the one after, and for its end.
        nic.send(notification(registration, 10, 9, "on"));
        Coap on = application.receive();
        assertFollows(on, after.uintOption(Coap.OBSERVE), "on");
        application.send(Coap.rst(on.mid()));
        Coap cancellation = nic.receive();
        assertThat(cancellation.uintOption(Coap.OBSERVE)).isEqualTo(1);
        assertThat(cancellation.tokenHex()).isEqualTo(registration.tokenHex());
    }

    /// And what was missed comes with the device's first answer.
    @Test
    void relationGoesOnAfterTwoKillsAndTheGapIsFilled() {
        int number = establish();
        kill();
        start();
        expectRegistration();
        kill();
        start();
        Coap registration = expectRegistration();
        nic.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 7).payload("missed"));
        assertFollows(application.receive(), number, "missed");
    }

    /// The application's session is there again: no login.
    @Test
    void sessionOfATokenGoesOn() {
        kill();
        start();
        application.send(Coap.con(Coap.GET, application.nextMid(), "77").with(Coap.PROXY_URI, TARGET));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT).payload("read"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("read");
        assertThat(fixture.count(GatewayEvent.SESSION_RESTORED)).isEqualTo(1);
        // Its life does not begin anew.
        fixture.clock.advance(Duration.ofHours(4));
        await().until(() -> fixture.gateway.openSessions() == 0);
    }

    @Test
    void sessionOfAPasswordEnds() {
        Peer operator = fixture.application();
        assertThat(operator.ask(Coap.con(Coap.POST, 1, "01").path("sessions").query("user=operator", "pass=s3cret"))
                        .code())
                .isEqualTo(Coap.CREATED);
        kill();
        start();
        assertThat(fixture.gateway.openSessions()).isEqualTo(1);
    }

    @Test
    void closedSessionDoesNotRise() {
        assertThat(application
                        .ask(Coap.con(Coap.DELETE, application.nextMid(), "").path("sessions"))
                        .code())
                .isEqualTo(Coap.DELETED);
        kill();
        start();
        assertThat(fixture.gateway.openSessions()).isZero();
    }

    /// What changed while no gateway ran. The application hears that its relation is over.
    @Test
    void whoIsNotAdmittedAnyMoreIsTold() {
        establish();
        kill();
        start(next -> next.disabledTenants.add(TENANT));
        Coap told = application.receiveMessage();
        assertThat(told.codeText()).isEqualTo("4.01");
        assertThat(told.tokenHex()).isEqualTo(TOKEN_HEX);
        assertThat(told.has(Coap.OBSERVE)).isFalse();
        assertThat(fixture.gateway.openSessions()).isZero();
        assertThat(nic.pending()).isEmpty();
    }

    @Test
    void sessionWhoseTimeIsOverDoesNotRise() {
        establish();
        kill();
        start(next -> next.clock.advance(Duration.ofHours(4)));
        assertThat(application.receiveMessage().codeText()).isEqualTo("4.01");
        assertThat(nic.pending()).isEmpty();
    }

    /// The device goes to somebody else between the request's check and the relation's, and comes back later.
    @Test
    void relationThatMayNotGoOnDoesNotRiseAgain() {
        establish();
        kill();
        AtomicInteger asked = new AtomicInteger();
        start(next -> next.ownerAsked = mac -> {
            // Only requests of applications ask there.
            if (Thread.currentThread().getName().startsWith("coap-coap") && asked.incrementAndGet() == 2) {
                next.owners.put(mac, "TN09");
            }
        });
        assertThat(application.receiveMessage().codeText()).isEqualTo("4.04");
        assertThat(asked.get()).isEqualTo(2);
        fixture.owners.put(Mac.parse(MAC), TENANT);
        onlyOneRegisteredNowRises();
    }

    /// Nobody has the relation any more that was cancelled before.
    @Test
    void cancelledRelationDoesNotRise() {
        establish();
        application.send(Coap.con(Coap.GET, application.nextMid(), TOKEN_HEX)
                .with(Coap.OBSERVE, 1)
                .with(Coap.PROXY_URI, TARGET));
        Coap cancellation = nic.receive();
        nic.send(Coap.answer(cancellation, Coap.CONTENT));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT));
        application.receiveMessage();
        onlyOneRegisteredNowRises();
    }

    private void onlyOneRegisteredNowRises() {
        // When it is answered, it is written, and so is what was before.
        application.send(register(application.nextMid(), "99"));
        nic.send(Coap.answer(expectRegistration(), Coap.CONTENT).with(Coap.OBSERVE, 1));
        assertThat(application.receiveMessage().has(Coap.OBSERVE)).isTrue();
        kill();
        start();
        nic.send(Coap.answer(expectRegistration(), Coap.CONTENT)
                .with(Coap.OBSERVE, 2)
                .payload("one"));
        assertThat(application.receive().tokenHex()).isEqualTo("99");
        assertThat(fixture.count(GatewayEvent.OBSERVE_RESUMED)).isEqualTo(1);
    }

    /// The device is not there when the gateway is: the relation waits for it, and nobody is told.
    @Test
    void relationWaitsForTheDevice() {
        int number = establish();
        kill(GatewayFixture.config(GatewayFixture.SILENCE).withTimes(GatewayFixture.RESENDING));
        nic.close();
        start();
        await().until(() -> fixture.count(GatewayEvent.OBSERVE_UPSTREAM_RENEWED) > 0);
        nic = GatewayFixture.register(fixture.nic(), MAC, 2);
        Coap told = GatewayFixture.answerInTime(nic, application, _ -> true, "back");
        assertFollows(told, number, "back");
    }

    /// The client waits for its first answer; that comes from the next gateway.
    @Test
    void registrationUnderWayIsAnsweredAfterAKill() {
        askAndKill();
        firstAnswerComes();
    }

    /// As sensors take one: with nothing that could be a notification.
    @Test
    void registrationUnderWayIsAnsweredAfterAKillThoughThereIsNothingToTell() {
        askAndKill();
        nic.send(Coap.answer(expectRegistration(), Coap.VALID).with(Coap.OBSERVE, 1));
        Coap answer = application.receive();
        assertThat(answer.code()).isEqualTo(Coap.VALID);
        assertThat(answer.has(Coap.OBSERVE)).isTrue();
        assertThat(answer.tokenHex()).isEqualTo(TOKEN_HEX);
        assertThat(fixture.count(GatewayEvent.OBSERVE_RESUMED)).isZero();
        // From then on it is a relation like any other.
        kill();
        start();
        nic.send(Coap.answer(expectRegistration(), Coap.CONTENT)
                .with(Coap.OBSERVE, 2)
                .payload("after"));
        assertThat(application.receive().payloadText()).isEqualTo("after");
        assertThat(fixture.count(GatewayEvent.OBSERVE_RESUMED)).isEqualTo(1);
    }

    @Test
    void registrationUnderWayIsGivenUpAfterAKillIfNobodyAnswers() {
        askAndKill(GatewayFixture.config().withPatience(GatewayFixture.SHORT_CON));
        nic.send(Coap.ack(expectRegistration().mid()));
        Coap answer = application.receive();
        assertThat(answer.codeText()).isEqualTo("5.04");
        assertThat(answer.tokenHex()).isEqualTo(TOKEN_HEX);
    }

    private void firstAnswerComes() {
        Coap registration = expectRegistration();
        nic.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 1).payload("state"));
        Coap answer = application.receive();
        assertThat(answer.payloadText()).isEqualTo("state");
        assertThat(answer.has(Coap.OBSERVE)).isTrue();
        assertThat(answer.tokenHex()).isEqualTo(TOKEN_HEX);
    }

    private void askAndKill() {
        askAndKill(GatewayFixture.config());
    }

    private void askAndKill(GatewayConfig next) {
        application.send(register(application.nextMid()));
        nic.send(Coap.ack(nic.receive().mid()));
        asked++;
        kill(next);
        start();
    }

    /// Files that say of no relation whether it was answered: there it is taken for so.
    @Test
    void relationOfAnOlderFileGoesOn() throws IOException {
        kill();
        Coap asked = Coap.non(Coap.GET, 4_711, TOKEN_HEX)
                .with(Coap.OBSERVE, new byte[0])
                .with(Coap.PROXY_URI, TARGET);
        try (FactFile file = FactFile.open(config.directory().resolve("relations"), 1 << 20, reading(_ -> {}))) {
            file.note(new FactFields(RELATION_FACT)
                    .endpoint(application.address())
                    .bytes(asked.token())
                    .address(config.coap().bind().getAddress())
                    .bytes(asked.bytes())
                    .fact());
        }
        start();
        Coap registration = expectRegistration();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 1));
        // Nobody is told of that answer; when this one is here, it has been heard.
        GatewayFixture.register(nic, MAC, 1);
        nic.send(notification(registration, 9, 2, "after"));
        assertThat(application.receive().payloadText()).isEqualTo("after");
        assertThat(fixture.count(GatewayEvent.OBSERVE_RESUMED)).isEqualTo(1);
    }

    @Test
    void orderlyStopKeepsRelationsToo() {
        int number = establish();
        endAs(config, GatewayFixture::stop);
        start();
        Coap registration = expectRegistration();
        nic.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 1).payload("after"));
        assertFollows(application.receive(), number, "after");
    }

    /// The device has not answered by then, which is not its fault.
    @Test
    void orderlyStopKeepsRegistrationsUnderWay() {
        application.send(register(application.nextMid()));
        expectRegistration();
        endAs(config, GatewayFixture::stop);
        start();
        firstAnswerComes();
    }
}
