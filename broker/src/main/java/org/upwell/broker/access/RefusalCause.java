// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

/// Why a CONNECT was refused; the edge maps it to a return or reason code.
public enum RefusalCause {
    /// Unknown user, wrong password, bad, expired or foreign token (3.1.1: 4; 5: 0x86).
    BAD_CREDENTIALS,
    /// Known, but may not connect: no role, disabled tenant, token older than the live session's (3.1.1: 5; 5:
    /// 0x87).
    NOT_AUTHORIZED,
    /// The check itself could not be carried out (3.1.1: 3; 5: 0x88).
    UNAVAILABLE
}
