// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Endpoint;
import org.junit.jupiter.api.Test;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.CoapListener;
import org.upwell.gateway.coap.CoapTimes;

class AddressBookTest {

    private static final Mac MAC = Mac.parse("001350050047dd92");
    private static final Instant NOW = Instant.parse("2026-11-22T10:15:30Z");

    private final Endpoint endpoint = new CoapEndpoint.Builder()
            .setConfiguration(CoapListener.configuration(CoapTimes.DEFAULT))
            .build();
    private final AddressBook book = new AddressBook(10, Duration.ofMinutes(30));

    private static InetSocketAddress address(int last) {
        return new InetSocketAddress(InetAddress.ofLiteral("10.0.0." + last), 4849);
    }

    /// Between the opening of the listener and the reading of what an earlier process knew.
    @Test
    void whatWasHeardSinceTheStartIsNotReplacedByWhatWasKnownBefore() throws AddressBookFullException {
        book.register(MAC, address(2), endpoint, 7, NOW);
        book.restore(new Registration(MAC, address(1), endpoint, 6, NOW, NOW));

        assertThat(book.find(MAC))
                .hasValueSatisfying(found -> assertThat(found.boot()).isEqualTo(7));
        assertThat(book.at(address(1))).isEmpty();
        book.register(MAC, address(3), endpoint, 7, NOW);
        assertThat(book.at(address(2))).as("left").isEmpty();
    }
}
