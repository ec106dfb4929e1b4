// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.auth.PreSharedKeyIdentity;
import org.eclipse.californium.elements.util.Bytes;
import org.junit.jupiter.api.Test;

class SessionAddressesTest {

    private static final Bytes FIRST = new Bytes(new byte[] {1});
    private static final Bytes SECOND = new Bytes(new byte[] {2});
    private static final Bytes THIRD = new Bytes(new byte[] {3});
    private static final Principal ACME = new PreSharedKeyIdentity("acme");
    private static final Principal OTHER = new PreSharedKeyIdentity("other");

    private final List<InetSocketAddress> ended = new ArrayList<>();
    private final SessionAddresses sessions = new SessionAddresses(2, ended::add);

    private static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static EndpointContext peer(int port, Principal who) {
        return new AddressEndpointContext(at(port), who);
    }

    @Test
    void sessionThatIsOnlySentToIsNotSilent() {
        InetSocketAddress first = sessions.of(FIRST, peer(1, ACME));
        InetSocketAddress second = sessions.of(SECOND, peer(2, ACME));
        assertThat(sessions.find(first)).isPresent();

        sessions.of(THIRD, peer(3, ACME));

        assertThat(ended).containsExactly(second);
        assertThat(sessions.find(first)).isPresent();
        assertThat(sessions.find(second)).isEmpty();
    }

    @Test
    void endedSessionMakesRoomAndGetsAnotherAddressIfItComesBack() {
        InetSocketAddress first = sessions.of(FIRST, peer(1, ACME));
        InetSocketAddress second = sessions.of(SECOND, peer(2, ACME));
        sessions.end(SECOND);
        sessions.end(SECOND);
        sessions.of(THIRD, peer(3, ACME));
        assertThat(ended).containsExactly(second);
        assertThat(sessions.find(first)).isPresent();
        assertThat(sessions.of(SECOND, peer(2, ACME))).isNotEqualTo(second);
    }

    @Test
    void newSessionOfTheSamePeerAtTheSamePortEndsTheOldOne() {
        InetSocketAddress first = sessions.of(FIRST, peer(1, ACME));
        sessions.opened(SECOND, at(1), OTHER);
        sessions.opened(SECOND, at(2), ACME);
        sessions.opened(SECOND, at(1), null);
        sessions.opened(FIRST, at(1), ACME);
        assertThat(ended).isEmpty();

        sessions.opened(SECOND, at(1), ACME);
        assertThat(ended).containsExactly(first);
    }
}
