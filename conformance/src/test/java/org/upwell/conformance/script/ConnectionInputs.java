// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// What fuzzing of connections begins with: short lives of clients, in the form that [ConnectionExercise] takes.
/// Crashers that a fuzzer finds are kept as files in `src/test/resources`, where Jazzer puts and looks for them.
final class ConnectionInputs {

    private static final List<String> LIVES = List.of(
            "PINGREQ",
            "SUBSCRIBE id=1 f=t,2 | PUBLISH topic=t payload=x q=2 id=1 | PUBREL id=1 | PUBREC id=1 | PUBCOMP id=1",
            "SUBSCRIBE id=1 f=t,1 | PUBLISH topic=t payload=x q=1 id=1 | PUBACK id=1 | UNSUBSCRIBE id=2 f=t",
            "SUBSCRIBE id=1 f=#,2 f=+/a,1,nl,rap,rh1 subscription-id=7 | PUBLISH topic=a/a q=1 id=2 retain payload=x",
            "SUBSCRIBE id=1 f=t,2 | PUBLISH topic=t q=2 id=1 | DROP | PUBLISH topic=t q=2 id=1 dup | PUBREC id=1",
            "SUBSCRIBE id=1 f=t,1 | PUBLISH topic=t q=1 id=1 | DROP | PUBACK id=1 | DROP | DISCONNECT",
            "SUBSCRIBE id=1 f=$share/g/t,2 | PUBLISH topic=t q=2 id=1 | DROP | PUBREC id=1 | PUBCOMP id=1",
            "PUBLISH topic=t alias=1 prop=a:b content-type=c response-topic=r correlation=d payload-format=1"
                    + " message-expiry=1 | PUBLISH topic= alias=1",
            "PUBLISH topic=denied/t q=1 id=1 | PUBLISH topic=denied/t q=2 id=2 | PUBREL id=2 | PUBREL id=3",
            "CONNECT client=other | PINGREQ",
            "CONNECT client=fuzz will=t will-payload=x will-qos=2 will-retain=1 user=u pass=secret | PINGREQ | DROP",
            "AUTH rc=19 auth-method=X auth-data=y",
            "DISCONNECT rc=04 session-expiry=1 reason=x prop=a:b");

    private ConnectionInputs() {}

    static List<byte[]> all() {
        List<byte[]> inputs = new ArrayList<>();
        for (int choice = 0; choice < 8; choice++) {
            WireVersion version = WireVersion.values()[Math.min(choice & 3, 2)];
            for (String life : LIVES) {
                inputs.add(input(choice, version, life));
            }
        }
        return inputs;
    }

    private static byte[] input(int choice, WireVersion version, String life) {
        WireBytes bytes = new WireBytes();
        bytes.bytes(choice);
        for (String packet : life.split(" \\| ", -1)) {
            if (packet.equals("DROP")) {
                bytes.bytes(0xFE, 0xFE);
            } else {
                bytes.raw(PacketWriter.write(PacketText.parse(List.of(packet.split(" ", -1))), version));
            }
        }
        return bytes.written();
    }

    /// A bit, a byte, a cut, or a piece of another input.
    static byte[] changed(byte[] input, byte[] other, Random random) {
        byte[] changed = input.clone();
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(changed.length);
            switch (random.nextInt(4)) {
                case 0 -> changed[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> changed[at] = (byte) random.nextInt(256);
                case 2 -> changed = Arrays.copyOf(changed, 1 + at);
                default -> {
                    int from = random.nextInt(other.length);
                    byte[] joined = Arrays.copyOf(changed, at + other.length - from);
                    System.arraycopy(other, from, joined, at, other.length - from);
                    changed = joined.length == 0 ? changed : joined;
                }
            }
        }
        return changed;
    }
}
