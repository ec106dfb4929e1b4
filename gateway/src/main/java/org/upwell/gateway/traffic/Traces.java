// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.traffic;

import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.californium.core.coap.EmptyMessage;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.eclipse.californium.elements.EndpointContext;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;

/// The traces that operators have open, of which there may be a few at a time. While there is none, a message costs
/// one look at an empty list. Safe for all threads.
public final class Traces {

    /// Each looks at every message.
    static final int MAX_OPEN = 8;

    private static final Pattern DEVICE_URI = Pattern.compile("(?i)[a-z]+://SSN([0-9a-f]{16})\\..*");
    private static final Pattern DEVICE_HOST = Pattern.compile("(?i)SSN([0-9a-f]{16})\\..*");

    private final AddressBook devices;
    private final InstantSource clock;
    private final List<Trace> open = new CopyOnWriteArrayList<>();

    public Traces(AddressBook devices, InstantSource clock) {
        this.devices = devices;
        this.clock = clock;
    }

    /// Begins to collect a device's messages.
    ///
    /// @param withPayload whether what they say is shown, too
    /// @return empty if as many as allowed are open
    public synchronized Optional<Trace> start(Mac device, boolean withPayload) {
        if (open.size() >= MAX_OPEN) {
            return Optional.empty();
        }
        Trace trace = new Trace(device, withPayload, open::remove);
        open.add(trace);
        return Optional.of(trace);
    }

    /// How many are open.
    public int size() {
        return open.size();
    }

    /// Watches the devices' listener.
    public MessageInterceptor ofField() {
        return new Watch("field") {
            @Override
            @Nullable
            Mac device(Message message, InetSocketAddress peer) {
                Mac named = message instanceof Request request ? mac(Answers.parameters(request.getOptions())) : null;
                return named == null ? devices.at(peer).map(Registration::mac).orElse(null) : named;
            }
        };
    }

    private static @Nullable Mac mac(Map<String, String> parameters) {
        String text = parameters.get("mac");
        try {
            return text == null ? null : Mac.parse(text);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /// Watches the applications' listener.
    public MessageInterceptor ofApplications() {
        return new Watch("coap") {
            @Override
            @Nullable
            Mac device(Message message, InetSocketAddress peer) {
                return message instanceof Request request ? proxied(request.getOptions()) : null;
            }
        };
    }

    private static @Nullable Mac proxied(OptionSet options) {
        Matcher matcher;
        if (options.hasProxyUri()) {
            matcher = DEVICE_URI.matcher(options.getProxyUri());
        } else if (options.hasProxyScheme() && options.hasUriHost()) {
            matcher = DEVICE_HOST.matcher(options.getUriHost());
        } else {
            return null;
        }
        return matcher.matches() ? Mac.parse(matcher.group(1)) : null;
    }

    private static String uri(Message message) {
        if (!(message instanceof Request request)) {
            return "";
        }
        OptionSet options = request.getOptions();
        if (options.hasProxyUri()) {
            return options.getProxyUri();
        }
        String query = String.join("&", Answers.query(options));
        String host = options.hasProxyScheme() ? options.getProxyScheme() + "://" + options.getUriHost() : "";
        return host + "/" + options.getUriPathString() + (query.isEmpty() ? "" : "?" + query);
    }

    private abstract class Watch implements MessageInterceptor {

        private final String listener;

        Watch(String listener) {
            this.listener = listener;
        }

        abstract @Nullable Mac device(Message message, InetSocketAddress peer);

        private void see(Message message, boolean incoming) {
            if (open.isEmpty()) {
                return;
            }
            EndpointContext context = incoming ? message.getSourceContext() : message.getDestinationContext();
            InetSocketAddress peer = context.getPeerAddress();
            String address = peer.getAddress().getHostAddress();
            Sighting sighting = new Sighting(
                    listener,
                    incoming,
                    (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + peer.getPort(),
                    message,
                    device(message, peer),
                    uri(message),
                    clock.instant(),
                    System.nanoTime());
            open.forEach(trace -> trace.offer(sighting));
        }

        @Override
        public void sendRequest(Request request) {
            see(request, false);
        }

        @Override
        public void sendResponse(Response response) {
            see(response, false);
        }

        @Override
        public void sendEmptyMessage(EmptyMessage message) {
            see(message, false);
        }

        @Override
        public void receiveRequest(Request request) {
            see(request, true);
        }

        @Override
        public void receiveResponse(Response response) {
            see(response, true);
        }

        @Override
        public void receiveEmptyMessage(EmptyMessage message) {
            see(message, true);
        }
    }
}
