// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// `POST /nic?mac=&boot=`: a device says that it is there and where (field protocol §5). Runs on the field listener's
/// stage.
public final class Registrations {

    private static final long FULL_RETRY_SECONDS = 300;

    private final AddressBook book;
    private final Duration life;
    private final GatewayCounters counters;
    private final InstantSource clock;

    /// @param life how long a registration holds; the device is told
    public Registrations(AddressBook book, Duration life, GatewayCounters counters, InstantSource clock) {
        this.book = book;
        this.life = life;
        this.counters = counters;
        this.clock = clock;
    }

    public void handle(Exchange exchange) {
        exchange.sendResponse(register(exchange));
    }

    private Response register(Exchange exchange) {
        Map<String, String> parameters =
                Answers.parameters(exchange.getRequest().getOptions());
        Mac mac;
        long boot;
        try {
            mac = Mac.parse(parameters.getOrDefault("mac", ""));
            boot = Long.parseLong(parameters.getOrDefault("boot", ""));
        } catch (NumberFormatException _) {
            counters.count(GatewayEvent.FIELD_BAD_REQUEST);
            return Answers.of(ResponseCode.BAD_REQUEST, "boot is not a number");
        } catch (IllegalArgumentException fault) {
            counters.count(GatewayEvent.FIELD_BAD_REQUEST);
            return Answers.of(ResponseCode.BAD_REQUEST, fault.getMessage());
        }
        try {
            Optional<Registration> previous = book.register(
                    mac, exchange.getRemoteSocketAddress(), exchange.getEndpoint(), boot, clock.instant());
            boolean moved = previous.isPresent() && !previous.get().address().equals(exchange.getRemoteSocketAddress());
            counters.count(moved ? GatewayEvent.DEVICE_MOVED : GatewayEvent.DEVICE_REGISTERED);
        } catch (AddressBookFullException _) {
            counters.count(GatewayEvent.ADDRESS_BOOK_FULL);
            return Answers.unavailable(FULL_RETRY_SECONDS, "no room for another device");
        }
        Response response = Answers.of(ResponseCode.CHANGED);
        response.getOptions().setMaxAge(life.toSeconds());
        return response;
    }
}
