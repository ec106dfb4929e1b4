// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.upwell.field.Vectors;

/// Field protocol §6, the secondary as running firmware behaves. Each exchange is drawn as `primary → secondary`.
class HdlcSecondaryTest {
    private final List<byte[]> handled = new ArrayList<>();
    private byte @Nullable [] answer = {0x60, 0x45, 1, 2};
    private final HdlcSecondary secondary = new HdlcSecondary(message -> {
        handled.add(message);
        return answer;
    });

    @Test
    void disconnectedSecondaryAnswersDmToEverythingButSnrm() {
        // RR → DM, I → DM, DISC → DM, UA → DM, SNRM → UA
        assertAnswer(Vectors.RR_0, Vectors.DM);
        assertAnswer(Vectors.GET_TEMP, Vectors.DM);
        assertAnswer(Vectors.DISC, Vectors.DM);
        assertAnswer(Vectors.UA_TO_DISC, Vectors.DM);
        assertThat(handled).isEmpty();
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertThat(secondary.isConnected()).isTrue();
    }

    @Test
    void discOnALiveLinkIsAnsweredWithUaWithoutInfo() {
        // SNRM → UA, DISC → UA, DISC → DM
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(Vectors.DISC, Vectors.UA_TO_DISC);
        assertAnswer(Vectors.DISC, Vectors.DM);
    }

    @Test
    void knownFramesThatDoNotFitAreRejectedAndTheLinkStaysUp() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        for (FrameKind kind : new FrameKind[] {
            FrameKind.UNNUMBERED_ACKNOWLEDGEMENT,
            FrameKind.DISCONNECTED_MODE,
            FrameKind.FRAME_REJECT,
            FrameKind.UNNUMBERED_INFORMATION,
            FrameKind.RECEIVE_NOT_READY
        }) {
            assertAnswer(Frame.unnumbered(kind).encode(), Vectors.FRMR);
        }
        assertAnswer(Vectors.RR_0, Vectors.RR_0);
    }

    @Test
    void whatIsNoFrameIsMetWithSilenceAndChangesNothing() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        byte[] badHeader = Vectors.GET_TEMP.clone();
        badHeader[6] ^= 1;
        byte[] badData = Vectors.GET_TEMP.clone();
        badData[12] ^= 1;
        byte[] badType = Vectors.SNRM.clone();
        badType[1] = (byte) 0xB0;
        byte[] noFlag = Vectors.SNRM.clone();
        noFlag[8] = 0;
        assertSilence(badHeader);
        assertSilence(badData);
        assertSilence(badType);
        assertSilence(noFlag);
        assertSilence(Frame.raw(3, 3, 0xBF, new byte[0]).encode());
        assertSilence(Frame.raw(2, 3, 0x10, new byte[] {1}).encode());
        assertSilence(new byte[0]);
        assertThat(handled).isEmpty();
        assertAnswer(Vectors.RR_0, Vectors.RR_0);
    }

    @Test
    void twoFramesWithinOneGapAreBothLost() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(Vectors.GET_TEMP);
        both.writeBytes(Vectors.RR_0);
        assertSilence(both.toByteArray());
        assertThat(handled).isEmpty();
    }

    @Test
    void answersIFrameAcknowledgesByItsReceiveNumber() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(request(0, 0), Frame.information(0, 1, answer()).encode());
        assertAnswer(request(1, 1), Frame.information(1, 2, answer()).encode());
        assertAnswer(request(2, 2), Frame.information(2, 3, answer()).encode());
    }

    @Test
    void numbersWrapAtEight() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        for (int i = 0; i < 20; i++) {
            assertAnswer(
                    request(i & 7, i & 7),
                    Frame.information(i & 7, (i + 1) & 7, answer()).encode());
        }
    }

    @Test
    void repeatedIFrameIsExecutedAgain() {
        // I ns=0 → I nr=1 (lost on the way), the same again → the same again
        assertAnswer(Vectors.SNRM, Vectors.UA);
        byte[] expected = Frame.information(0, 1, answer()).encode();
        assertAnswer(request(0, 0), expected);
        assertAnswer(request(0, 0), expected);
        assertThat(handled).hasSize(2);
    }

    @Test
    void wrongSendNumberIsProcessedAllTheSame() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(request(5, 0), Frame.information(0, 0, answer()).encode());
        assertThat(handled).hasSize(1);
    }

    @Test
    void wrongReceiveNumberIsIgnored() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(request(0, 0), Frame.information(0, 1, answer()).encode());
        assertAnswer(request(1, 6), Frame.information(0, 2, answer()).encode());
        assertAnswer(request(2, 1), Frame.information(1, 3, answer()).encode());
    }

    @Test
    void rrDoesNotBringALostAnswerBack() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(request(0, 0), Frame.information(0, 1, answer()).encode());
        assertAnswer(Vectors.RR_0, Vectors.RR_1);
    }

    @Test
    void requestWithoutAnswerAdvancesTheReceiveNumber() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        answer = null;
        assertSilence(request(0, 0));
        assertAnswer(Vectors.RR_0, Vectors.RR_1);
    }

    @Test
    void emptyAnswerIsAnIFrameWithoutInfo() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        answer = new byte[0];
        assertAnswer(request(0, 0), Vectors.I_WITHOUT_INFO);
    }

    @Test
    void pendingMessageIsHandedOverAtEveryPollUntilDisc() {
        // RR 0 → I ns=0, RR 0 → the same frame, RR 1 → the same message as ns=1, DISC → UA, then nothing
        byte[] event = Vectors.info(Vectors.REBOOT_EVENT);
        assertThat(secondary.offer(event, false)).isTrue();
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(Vectors.RR_0, Vectors.REBOOT_EVENT);
        assertAnswer(Vectors.RR_0, Vectors.REBOOT_EVENT);
        assertAnswer(Vectors.RR_1, Frame.information(1, 0, event).encode());
        assertAnswer(Vectors.DISC, Vectors.UA_TO_DISC);
        assertThat(secondary.hasPending()).isFalse();
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(Vectors.RR_0, Vectors.RR_0);
    }

    @Test
    void snrmOnALiveLinkResetsTheCountersAndKeepsThePendingMessage() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(request(0, 0), Frame.information(0, 1, answer()).encode());
        secondary.offer(Vectors.info(Vectors.REBOOT_EVENT), false);
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(Vectors.RR_0, Vectors.REBOOT_EVENT);
    }

    @Test
    void discOfADisconnectedLinkKeepsThePendingMessage() {
        secondary.offer(Vectors.info(Vectors.REBOOT_EVENT), false);
        assertAnswer(Vectors.DISC, Vectors.DM);
        assertThat(secondary.hasPending()).isTrue();
    }

    @Test
    void discClearsAPendingMessageThatWasNeverCollected() {
        assertAnswer(Vectors.SNRM, Vectors.UA);
        secondary.offer(Vectors.info(Vectors.REBOOT_EVENT), false);
        assertAnswer(Vectors.DISC, Vectors.UA_TO_DISC);
        assertThat(secondary.hasPending()).isFalse();
    }

    @Test
    void whileOneMessageWaitsAnotherIsDiscardedWithoutAPulse() {
        assertThat(secondary.offer(new byte[] {1}, false)).isTrue();
        assertThat(secondary.offer(new byte[] {2}, false)).isFalse();
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(Vectors.RR_0, Frame.information(0, 0, new byte[] {1}).encode());
    }

    @Test
    void olderFirmwareOverwritesTheWaitingMessageAndPulses() {
        assertThat(secondary.offer(new byte[] {1}, true)).isTrue();
        assertThat(secondary.offer(new byte[] {2}, true)).isTrue();
        assertAnswer(Vectors.SNRM, Vectors.UA);
        assertAnswer(Vectors.RR_0, Frame.information(0, 0, new byte[] {2}).encode());
    }

    private byte[] answer() {
        byte[] present = answer;
        assertThat(present).isNotNull();
        return present;
    }

    private static byte[] request(int sendNumber, int receiveNumber) {
        return Frame.information(sendNumber, receiveNumber, new byte[] {0x40, 1, 9, 9})
                .encode();
    }

    private void assertAnswer(byte[] frame, byte[] expected) {
        assertThat(secondary.receive(frame, 0, frame.length)).isEqualTo(expected);
    }

    private void assertSilence(byte[] bytes) {
        assertThat(secondary.receive(bytes, 0, bytes.length)).isNull();
    }
}
