// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Bodies of requests in blocks, from applications and to devices (RFC 7959).
@Timeout(60)
class BlockwiseTest extends NicAndApplication {

    private static final String TARGET = "coap://SSN" + MAC + ".x:4849/nic/table";
    private static final int SIZE1 = 60;
    private static final int MORE = 8;
    /// 64, 128 and 1024 bytes.
    private static final int SZX_64 = 2;

    private static final int SZX_128 = 3;
    private static final int SZX_1024 = 6;

    private static final int CONTINUE = 0x5f;

    private Coap put(int block, byte[] payload) {
        return Coap.con(Coap.PUT, application.nextMid(), "77")
                .with(Coap.CONTENT_FORMAT, 42)
                .with(Coap.BLOCK1, block)
                .with(Coap.PROXY_URI, TARGET)
                .payload(payload);
    }

    private static byte[] body(int length) {
        byte[] body = new byte[length];
        for (int i = 0; i < length; i++) {
            body[i] = (byte) (i * 7);
        }
        return body;
    }

    private static byte[] part(byte[] body, int from, int to) {
        return Arrays.copyOfRange(body, from, to);
    }

    /// ```
    /// application                        gateway                      NIC
    ///  | CON PUT, Block1 0/1/128           |                            |
    ///  |---------------------------------->|                            |
    ///  |         ACK 2.31, Block1 0/1/128  |                            |
    ///  |<----------------------------------|                            |
    ///  | CON PUT, Block1 1/0/128           |                            |
    ///  |---------------------------------->| CON PUT (200 bytes)        |
    ///  |                                   |--------------------------->|
    ///  |         ACK 2.04, Block1 1/0/128  |                  ACK 2.04  |
    ///  |<----------------------------------|<---------------------------|
    /// ```
    @Test
    void bodyInBlocksReachesTheDeviceWholeIfItFits() {
        byte[] body = body(200);
        Coap more = application.ask(put(MORE | SZX_128, part(body, 0, 128)));
        assertThat(more.codeText()).isEqualTo("2.31");
        assertThat(more.uintOption(Coap.BLOCK1)).isEqualTo(MORE | SZX_128);
        assertThat(nic.pending()).as("nothing before all is here").isEmpty();

        application.send(put(1 << 4 | SZX_128, part(body, 128, 200)));
        Coap forwarded = nic.receive();
        assertThat(forwarded.payload()).isEqualTo(body);
        assertThat(forwarded.has(Coap.BLOCK1)).isFalse();
        assertThat(forwarded.uintOption(Coap.CONTENT_FORMAT)).isEqualTo(42);
        nic.send(Coap.answer(forwarded, Coap.CHANGED));
        Coap answer = application.receiveMessage();
        assertThat(answer.code()).isEqualTo(Coap.CHANGED);
        assertThat(answer.uintOption(Coap.BLOCK1)).isEqualTo(1 << 4 | SZX_128);
    }

    /// Each block is acknowledged before the next goes, and none is longer than 128 bytes.
    @Test
    void longBodyGoesToTheDeviceInBlocks() {
        byte[] body = body(1_000);
        assertThat(application.ask(put(MORE | SZX_128 + 2, part(body, 0, 512))).codeText())
                .isEqualTo("2.31");
        application.send(put(1 << 4 | SZX_128 + 2, part(body, 512, 1_000)));
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        for (int number = 0; number < 7; number++) {
            Coap block = nic.receive();
            assertThat(block.uintOption(Coap.BLOCK1)).isEqualTo(number << 4 | MORE | SZX_128);
            assertThat(block.payload()).hasSize(128);
            received.writeBytes(block.payload());
            nic.send(Coap.answer(block, CONTINUE).with(Coap.BLOCK1, number << 4 | MORE | SZX_128));
        }
        Coap last = nic.receive();
        assertThat(last.uintOption(Coap.BLOCK1)).isEqualTo(7 << 4 | SZX_128);
        received.writeBytes(last.payload());
        assertThat(received.toByteArray()).isEqualTo(body);
        nic.send(Coap.answer(last, Coap.CHANGED).with(Coap.BLOCK1, 7 << 4 | SZX_128));
        Coap answer = application.receiveMessage();
        assertThat(answer.code()).isEqualTo(Coap.CHANGED);
        assertThat(answer.uintOption(Coap.BLOCK1)).isEqualTo(1 << 4 | SZX_128 + 2);
    }

    /// A sensor takes none (field protocol §7); the application hears of it.
    @Test
    void deviceThatTakesNoBlocksIsHeard() {
        byte[] body = body(300);
        application.send(Coap.con(Coap.PUT, application.nextMid(), "77")
                .with(Coap.PROXY_URI, TARGET)
                .payload(body));
        Coap first = nic.receive();
        assertThat(first.uintOption(Coap.BLOCK1)).isEqualTo(MORE | SZX_128);
        nic.send(Coap.answer(first, 0x82));
        assertThat(application.receiveMessage().codeText()).isEqualTo("4.02");
    }

    @Test
    void blockSizeMayShrinkOnTheWay() {
        byte[] body = body(192);
        assertThat(application.ask(put(MORE | SZX_128, part(body, 0, 128))).codeText())
                .isEqualTo("2.31");
        application.send(put(2 << 4 | SZX_64, part(body, 128, 192)));
        Coap forwarded = nic.receive();
        assertThat(forwarded.payload()).isEqualTo(body);
    }

    @Test
    void missingBlockMakesTheRequestIncomplete() {
        byte[] body = body(128);
        assertThat(application.ask(put(1 << 4 | SZX_128, body)).codeText())
                .as("no first")
                .isEqualTo("4.08");
        application.ask(put(MORE | SZX_128, body));
        assertThat(application.ask(put(2 << 4 | SZX_128, body)).codeText())
                .as("a gap")
                .isEqualTo("4.08");
        assertThat(application.ask(put(1 << 4 | SZX_128, body)).codeText())
                .as("begins anew")
                .isEqualTo("4.08");
        assertThat(nic.pending()).isEmpty();
    }

    @Test
    void otherOptionsAreAnotherRequest() {
        application.ask(put(MORE | SZX_128, body(128)));
        Coap other = Coap.con(Coap.PUT, application.nextMid(), "77")
                .with(Coap.CONTENT_FORMAT, 60)
                .with(Coap.BLOCK1, 1 << 4 | SZX_128)
                .with(Coap.PROXY_URI, TARGET)
                .payload("rest");
        assertThat(application.ask(other).codeText()).isEqualTo("4.08");
    }

    /// Bodies of two clients do not mix, though they write to the same resource.
    @Test
    void eachClientHasItsOwnBody() {
        application.ask(put(MORE | SZX_128, body(128)));
        Peer second = fixture.application(TOKEN);
        Coap rest = put(1 << 4 | SZX_128, body(3));
        assertThat(second.ask(rest).codeText()).isEqualTo("4.08");
    }

    @Test
    void tooLongABodyIsRefused() {
        Coap announced = application.ask(put(MORE | SZX_1024, body(1_024)).with(SIZE1, 10_000));
        assertThat(announced.codeText()).isEqualTo("4.13");
        assertThat(announced.uintOption(SIZE1)).isEqualTo(8_192);
        for (int number = 0; number < 8; number++) {
            assertThat(application
                            .ask(put(number << 4 | MORE | SZX_1024, body(1_024)))
                            .codeText())
                    .isEqualTo("2.31");
        }
        assertThat(application.ask(put(8 << 4 | SZX_1024, body(1))).codeText()).isEqualTo("4.13");
        assertThat(nic.pending()).isEmpty();
    }

    @Test
    void blockThatIsNotFullIsABadRequest() {
        assertThat(application.ask(put(MORE | SZX_128, body(100))).codeText()).isEqualTo("4.00");
    }

    /// The answer of a device is one body; a client can tell if it were not.
    @Test
    void blocksOfAnAnswerCarryTheSameEtag() {
        application.send(Coap.con(Coap.GET, 1, "77").with(Coap.BLOCK2, SZX_128).with(Coap.PROXY_URI, TARGET));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT).payload(body(200)));
        byte[] etag = application.receive().option(4).orElseThrow();
        Coap second = application.ask(
                Coap.con(Coap.GET, 2, "77").with(Coap.BLOCK2, 1 << 4 | SZX_128).with(Coap.PROXY_URI, TARGET));
        assertThat(second.option(4)).contains(etag);
    }

    private static Coap get(Peer application, String path) {
        return Coap.con(Coap.GET, application.nextMid(), "77")
                .with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x:4849/" + path);
    }

    private static Coap separate(Coap request, int mid, int code) {
        return new Coap(Coap.NON, code, mid, request.token(), List.of(), new byte[0]);
    }

    /// The device answers what it is asked otherwise, so nothing was on its way.
    private void expectNothing() {
        GatewayFixture.register(nic, MAC, 1);
        assertThat(nic.pending()).isEmpty();
    }

    /// Whoever asks for `path` until something comes of it.
    private Peer asks(String path) {
        Peer other = fixture.application(TOKEN);
        other.send(get(other, path));
        other.settle();
        return other;
    }

    /// Blocks of two answers cannot be told apart (RFC 7959 §2.4).
    ///
    /// ```
    /// applications                       gateway                     NIC
    ///  | CON GET /a          (one)         | CON GET /a                |
    ///  |---------------------------------->|-------------------------->|
    ///  |                                   |                       ACK |
    ///  |                                   |<--------------------------|
    ///  | CON GET /a, GET /b  (others)      |                           |
    ///  |---------------------------------->| CON GET /b                |
    ///  |                                   |-------------------------->|
    ///  |                                   |      NON 2.05, Block2 0/1 |
    ///  |                                   |<--------------------------|
    ///  |                                   | CON GET /a, Block2 1/0    |
    ///  |                                   |-------------------------->|
    ///  |            NON 2.05, whole (one)  |      ACK 2.05, Block2 1/0 |
    ///  |<----------------------------------|<--------------------------|
    ///  |                                   | CON GET /a                |
    ///  |                                   |-------------------------->|
    /// ```
    @Test
    void nobodyElseIsAnsweredByTheSameResourceMeanwhile() {
        application.send(get(application, "a"));
        Coap first = nic.receive();
        nic.send(Coap.ack(first.mid()));
        Peer same = asks("a");
        expectNothing();
        Peer other = asks("b");
        Coap elsewhere = nic.receive();
        assertThat(elsewhere.textOptions(Coap.URI_PATH)).containsExactly("b");
        nic.send(Coap.answer(elsewhere, Coap.CONTENT).payload("b"));
        assertThat(other.receiveMessage().payloadText()).isEqualTo("b");

        byte[] body = body(100);
        nic.send(separate(first, 4711, Coap.CONTENT)
                .with(Coap.BLOCK2, MORE | SZX_64)
                .payload(part(body, 0, 64)));
        Coap next = nic.receive();
        assertThat(next.uintOption(Coap.BLOCK2)).isEqualTo(1 << 4 | SZX_64);
        // While blocks come, the device is busy; also when it takes its time with one.
        nic.send(Coap.ack(next.mid()));
        Peer third = asks("c");
        expectNothing();
        nic.send(separate(next, 4712, Coap.CONTENT)
                .with(Coap.BLOCK2, 1 << 4 | SZX_64)
                .payload(part(body, 64, 100)));
        assertThat(application.receiveMessage().payload()).isEqualTo(body);

        answerPlainly("a", "c");
        assertThat(same.receiveMessage().payloadText()).isEqualTo("a");
        assertThat(third.receiveMessage().payloadText()).isEqualTo("c");
    }

    private void answerPlainly(String... paths) {
        for (String path : paths) {
            Coap request = nic.receive();
            assertThat(request.textOptions(Coap.URI_PATH)).containsExactly(path);
            nic.send(Coap.answer(request, Coap.CONTENT).payload(path));
        }
    }

    /// RFC 7959 §2.5.
    @Test
    void bodiesForTheSameResourceAreSentOneAfterTheOther() {
        Peer second = fixture.application(TOKEN);
        application.send(whole(application, body(230)));
        second.send(whole(second, body(231)));
        Coap begun = nic.receive();
        assertThat(begun.uintOption(Coap.BLOCK1)).isEqualTo(MORE | SZX_128);
        nic.send(Coap.ack(begun.mid()));
        second.settle();
        expectNothing();
        nic.send(separate(begun, 4711, CONTINUE).with(Coap.BLOCK1, MORE | SZX_128));
        expectLastBlock(102);
        Coap after = nic.receive();
        assertThat(after.uintOption(Coap.BLOCK1)).isEqualTo(MORE | SZX_128);
        nic.send(Coap.answer(after, CONTINUE).with(Coap.BLOCK1, MORE | SZX_128));
        expectLastBlock(103);
    }

    private static Coap whole(Peer writer, byte[] body) {
        return Coap.con(Coap.PUT, writer.nextMid(), "77")
                .with(Coap.PROXY_URI, TARGET)
                .payload(body);
    }

    private void expectLastBlock(int length) {
        Coap last = nic.receive();
        assertThat(last.uintOption(Coap.BLOCK1)).isEqualTo(1 << 4 | SZX_128);
        assertThat(last.payload()).hasSize(length);
        nic.send(Coap.answer(last, Coap.CHANGED).with(Coap.BLOCK1, 1 << 4 | SZX_128));
    }

    /// The answer may be lost; who asks again is not made to wait until the first has lost patience.
    @Test
    void deviceThatSaysNoMoreHoldsItsResourceForAWhileOnly() {
        restart(GatewayFixture.config().withPatience(GatewayFixture.SHORT_NON));
        application.send(
                Coap.non(Coap.GET, application.nextMid(), "77").with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x:4849/a"));
        nic.send(Coap.ack(nic.receive().mid()));
        Peer same = asks("a");
        answerPlainly("a");
        assertThat(same.receiveMessage().payloadText()).isEqualTo("a");
        assertThat(application.receiveMessage().codeText()).isEqualTo("5.04");
    }

    /// FETCH, PATCH and iPATCH (RFC 8132).
    @Test
    void laterMethodsGoThrough() {
        for (int method = 5; method <= 7; method++) {
            application.send(Coap.con(method, application.nextMid(), "77")
                    .with(Coap.CONTENT_FORMAT, 60)
                    .with(Coap.PROXY_URI, TARGET)
                    .payload("selector"));
            Coap forwarded = nic.receive();
            assertThat(forwarded.code()).isEqualTo(method);
            assertThat(forwarded.payloadText()).isEqualTo("selector");
            nic.send(Coap.answer(forwarded, method == 5 ? Coap.CONTENT : Coap.CHANGED)
                    .payload("x"));
            assertThat(application.receiveMessage().payloadText()).isEqualTo("x");
        }
    }
}
