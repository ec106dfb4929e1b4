// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// The first bytes of every payload: a mark, the stream, the number in it, and when it was sent by this process's
/// own clock. What follows is filling.
final class Stamp {
    static final int BYTES = 24;
    static final int MARK = 0x55704C64;
    static final int STREAM_AT = 4;
    static final int SEQUENCE_AT = 8;
    static final int NANOS_AT = 16;

    private Stamp() {}
}
