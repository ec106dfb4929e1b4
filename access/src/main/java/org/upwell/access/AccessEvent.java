// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

/// Something that access did or refused and that an operator may want to count or keep. Texts that came from a peer
/// are cut and made printable; secrets are never in here.
public sealed interface AccessEvent {

    /// How a peer tried to log in.
    enum Kind {
        TOKEN,
        PASSWORD,
        ANONYMOUS
    }

    /// A peer was let in.
    record LoginAdmitted(Kind kind, String listener, String tenant, String name) implements AccessEvent {}

    /// A peer was refused.
    ///
    /// @param name the user name or the token's subject as far as it is known, else empty
    record LoginRefused(Kind kind, String listener, String name, String reason) implements AccessEvent {}

    /// A token that was otherwise good named a role that only users may have; the role was ignored.
    record InternalRoleAsserted(String issuer, String tenant, String role) implements AccessEvent {}

    /// A token that was otherwise good named a role that its issuer may not assert; the role was ignored.
    record ForeignRoleAsserted(String issuer, String tenant, String role) implements AccessEvent {}

    /// A client's secret was exchanged for a token.
    record TokenIssued(String tenant, String clientId, String tokenId) implements AccessEvent {}

    /// A client's secret was not accepted.
    record TokenRefused(String clientId, String reason) implements AccessEvent {}
}
