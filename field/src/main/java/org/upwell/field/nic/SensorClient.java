// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;

/// CoAP towards the sensor: confirmable requests with tokens and message IDs of the NIC's own, answers checked against
/// them. Owned by the NIC's loop.
final class SensorClient {
    /// @param observe absent for none
    /// @param contentFormat absent for none
    @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
    record Request(
            int code,
            String path,
            List<String> queries,
            byte[] token,
            Optional<CoapOption> observe,
            Optional<CoapOption> contentFormat,
            Optional<CoapOption> accept,
            byte[] payload) {
        static final byte[] NOTHING = {};

        static Request get(String path, String query) {
            return of(CoapCode.GET, path, List.of(query), NOTHING);
        }

        static Request of(int code, String path, List<String> queries, byte[] payload) {
            return new Request(
                    code, path, queries, NOTHING, Optional.empty(), Optional.empty(), Optional.empty(), payload);
        }

        Request observing(byte[] token, long value) {
            Optional<CoapOption> option = Optional.of(CoapOption.uint(CoapOption.OBSERVE, value));
            return new Request(code, path, queries, token, option, contentFormat, accept, payload);
        }
    }

    private static final int ABSOLUTE_TIME = 6;
    private static final int TIME_BYTES = 8;

    private final SensorLine line;
    private int nextMessageId;

    SensorClient(SensorLine line, int firstMessageId) {
        this.line = line;
        this.nextMessageId = firstMessageId;
    }

    /// Whether the request fits one frame with room to spare for the sensor's own limit.
    static boolean fits(Request request) {
        return message(request, 0).encode().length <= SensorRules.MAX_REQUEST_BYTES;
    }

    /// The answer is empty when the sensor did not give one that can be read.
    void send(Request request, Consumer<SensorAnswer> done) {
        CoapMessage message = message(request, nextMessageId);
        nextMessageId = (nextMessageId + 1) & 0xFFFF;
        line.request(
                message.encode(),
                answer -> done.accept(
                        switch (answer) {
                            case SensorLine.Answer.Message answered -> match(message, answered.bytes());
                            case SensorLine.Answer.Busy _ -> new SensorAnswer.Overloaded();
                            default -> new SensorAnswer.Nothing();
                        }));
    }

    /// PUT `/sys/time`: type, length, seconds, milliseconds.
    void setTime(long epochMillis, Consumer<SensorAnswer> done) {
        byte[] payload = ByteBuffer.allocate(2 + TIME_BYTES)
                .put((byte) ABSOLUTE_TIME)
                .put((byte) TIME_BYTES)
                .putInt((int) (epochMillis / 1_000))
                .putInt((int) (epochMillis % 1_000))
                .array();
        send(Request.of(CoapCode.PUT, "/sys/time", List.of(), payload), done);
    }

    private static CoapMessage message(Request request, int messageId) {
        CoapMessage.Builder builder = CoapMessage.of(CoapType.CONFIRMABLE, request.code(), messageId)
                .token(request.token())
                .path(request.path())
                .payload(request.payload());
        request.queries().forEach(builder::query);
        request.observe().ifPresent(builder::option);
        request.contentFormat().ifPresent(builder::option);
        request.accept().ifPresent(builder::option);
        return builder.build();
    }

    private static SensorAnswer match(CoapMessage request, byte[] bytes) {
        CoapMessage answer;
        try {
            answer = CoapMessage.decode(bytes);
        } catch (CoapFormatException _) {
            // Also the I-frame without info, which answers nothing that this client asks.
            return new SensorAnswer.Nothing();
        }
        boolean matches = answer.type() == CoapType.ACKNOWLEDGEMENT && answer.messageId() == request.messageId();
        if (!matches || answer.code() == CoapCode.EMPTY) {
            return matches ? new SensorAnswer.Empty() : new SensorAnswer.Nothing();
        }
        return Arrays.equals(answer.token(), request.token())
                ? new SensorAnswer.Response(answer)
                : new SensorAnswer.Nothing();
    }
}
