// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Bodies of requests in blocks, from applications and to devices (RFC 7959).
@Timeout(60)
class BlockwiseTest {

    private static final String TARGET = "coap://SSN" + MAC + ".x:4849/nic/table";
    private static final int SIZE1 = 60;
    private static final int MORE = 8;
    /// 64, 128 and 1024 bytes.
    private static final int SZX_64 = 2;

    private static final int SZX_128 = 3;
    private static final int SZX_1024 = 6;

    private final GatewayFixture fixture = new GatewayFixture();
    private Peer nic;
    private Peer application;

    @BeforeEach
    void connect() {
        nic = fixture.nic(MAC);
        application = fixture.application(TOKEN);
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

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
            // 2.31.
            nic.send(Coap.answer(block, 0x5f).with(Coap.BLOCK1, number << 4 | MORE | SZX_128));
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
