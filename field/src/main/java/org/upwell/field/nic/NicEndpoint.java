// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.MessageObserverAdapter;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.OptionNumberRegistry;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Endpoint;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.DelivererException;
import org.eclipse.californium.core.server.ServerMessageDeliverer;
import org.eclipse.californium.core.server.resources.Resource;
import org.eclipse.californium.elements.UdpEndpointContext;
import org.jspecify.annotations.Nullable;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.loop.Loop;

/// The NIC's CoAP endpoint on the network: one socket for what it serves and what it asks, since the gateway knows
/// it by that address. Its methods are thread-safe; requests arrive on Californium's threads and hop to the NIC's
/// loop.
final class NicEndpoint implements NetworkSide {
    private static final int MAX_OBSERVED_PATHS = 32;
    private static final List<String> WELL_KNOWN_CORE = List.of(".well-known", "core");
    private static final int TEXT = 0;
    private static final int LINK_FORMAT = 40;

    private final Nic nic;
    private final CoapRuntime runtime;
    private final Loop loop;
    private final InetSocketAddress gateway;
    private final CoapResource root;
    private final SensorResource sensor;
    private final Map<String, SensorObservationResource> observed = new ConcurrentHashMap<>();
    private final Map<String, CoapResource> own = new ConcurrentHashMap<>();
    private final Set<Request> underWay = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Endpoint endpoint;

    NicEndpoint(Nic nic, CoapRuntime runtime, Loop loop, InetSocketAddress gateway) {
        this.nic = nic;
        this.runtime = runtime;
        this.loop = loop;
        this.gateway = gateway;
        this.sensor = new SensorResource(nic, loop);
        this.root = new TextResource("", () -> "Upwell NIC " + nic.mac() + ", boot " + nic.boot(), TEXT);
        CoapResource wellKnown = new CoapResource(".well-known", false);
        wellKnown.add(new TextResource("core", this::links, LINK_FORMAT));
        root.add(wellKnown);
        root.add(new TableResource(nic));
        for (String path : OwnResources.PATHS) {
            OwnResource resource = new OwnResource(nic, path);
            own.put(path, resource);
            root.add(resource);
        }
    }

    /// Finds sensor resources by path and query; everything else is in the tree.
    private final class Deliverer extends ServerMessageDeliverer {
        Deliverer() {
            super(root, runtime.settings());
        }

        @Override
        protected Resource findResource(Exchange exchange) throws DelivererException {
            OptionSet options = exchange.getRequest().getOptions();
            List<String> path = options.getUriPath();
            if (!SensorRules.isForSensor(path)) {
                Resource found = super.findResource(exchange);
                // Null is answered by 4.04.
                if (found != null) {
                    check(exchange.getRequest());
                }
                return found;
            }
            int code = exchange.getRequest().getCode().value;
            boolean observable = options.hasObserve() && SensorRules.isObservable(code, path, options.getUriQuery());
            return observable ? observation(SensorRules.sensorPath(path)) : sensor;
        }

        /// A request for a resource of the NIC's own: a condition that is not known is no reason to do without it
        /// (RFC 7252 §5.4.1), nor is a format that there is not (§5.10.4).
        private static void check(Request request) throws DelivererException {
            for (Option option : request.getOptions().asSortedList()) {
                if (CoapOption.isCritical(option.getNumber()) && !isUnderstood(option.getNumber())) {
                    throw new DelivererException(CoAP.ResponseCode.BAD_OPTION, "option " + option.getNumber());
                }
            }
            int accepted = request.getOptions().getAccept();
            int format = request.getOptions().getUriPath().equals(WELL_KNOWN_CORE) ? LINK_FORMAT : TEXT;
            if (request.getCode() == CoAP.Code.GET && accepted >= 0 && accepted != format) {
                throw new DelivererException(CoAP.ResponseCode.NOT_ACCEPTABLE, "only format " + format);
            }
        }

        private static boolean isUnderstood(int number) {
            return CoapOption.isObeyedByAll(number) || number == OptionNumberRegistry.BLOCK1;
        }

        private Resource observation(String path) {
            if (observed.size() >= MAX_OBSERVED_PATHS && !observed.containsKey(path)) {
                return sensor;
            }
            return observed.computeIfAbsent(
                    path, key -> new SensorObservationResource(nic, sensor, key, NicEndpoint.this::unobservable));
        }
    }

    /// The sensor has no such reading, or no room for an observer: nobody is to miss the place of the path, of
    /// which there are few.
    private void unobservable(String path, SensorObservationResource refused) {
        if (refused.getObserverCount() == 0) {
            observed.remove(path, refused);
        }
    }

    @Override
    public void open(InetSocketAddress bind) throws IOException {
        Endpoint opened = runtime.open(bind, new Deliverer());
        Endpoint previous = endpoint;
        endpoint = opened;
        if (previous != null) {
            observed.values().forEach(CoapResource::clearObserveRelations);
            own.values().forEach(CoapResource::clearObserveRelations);
            // Asked from the old address; the answers would go there.
            underWay.forEach(Request::cancel);
            previous.destroy();
        }
    }

    @Override
    public void close() {
        Endpoint open = endpoint;
        endpoint = null;
        if (open != null) {
            open.destroy();
        }
    }

    @Override
    public InetSocketAddress address() {
        Endpoint open = endpoint;
        if (open == null) {
            throw new IllegalStateException("the NIC is not started");
        }
        return open.getAddress();
    }

    @Override
    public boolean isObserved(String sensorPath) {
        SensorObservationResource resource = observed.get(sensorPath);
        return resource != null && resource.getObserverCount() > 0;
    }

    @Override
    public boolean isOwnObserved(String path) {
        CoapResource resource = own.get(path);
        return resource != null && resource.getObserverCount() > 0;
    }

    @Override
    public void notifyObservers(String uri, Reading reading) {
        CoapResource ownResource = own.get(uri);
        if (ownResource != null) {
            ownResource.changed();
            return;
        }
        SensorObservationResource resource = observed.get(uri.substring(SensorRules.PREFIX.length() + 1));
        if (resource != null) {
            resource.onReading(reading);
        }
    }

    @Override
    public void post(GatewayClient.Post wanted, Consumer<Answer> done) {
        Endpoint open = endpoint;
        if (open == null) {
            loop.execute(() -> done.accept(new Answer.Nothing()));
            return;
        }
        CoAP.Type type = wanted.confirmable() ? CoAP.Type.CON : CoAP.Type.NON;
        Request request = new Request(CoAP.Code.POST, type);
        request.setDestinationContext(new UdpEndpointContext(gateway));
        request.getOptions().setUriPath(wanted.path());
        wanted.queries().forEach(request.getOptions()::addUriQuery);
        if (wanted.contentFormat() >= 0) {
            request.getOptions().setContentFormat(wanted.contentFormat());
        }
        request.setPayload(wanted.payload());
        AtomicBoolean answered = new AtomicBoolean();
        Consumer<Answer> once = answer -> {
            if (answered.compareAndSet(false, true)) {
                underWay.remove(request);
                loop.execute(() -> done.accept(answer));
            }
        };
        Loop.Timer patience = loop.after(CoapRuntime.answerPatience(wanted.confirmable()), () -> {
            request.cancel();
            once.accept(new Answer.Nothing());
        });
        request.addMessageObserver(new PostObserver(answer -> {
            loop.execute(patience::cancel);
            once.accept(answer);
        }));
        underWay.add(request);
        open.sendRequest(request);
    }

    /// Turns the ways in which a request may end into one answer.
    private static final class PostObserver extends MessageObserverAdapter {
        private final Consumer<Answer> done;

        PostObserver(Consumer<Answer> done) {
            this.done = done;
        }

        @Override
        public void onResponse(Response response) {
            Long maxAge =
                    response.getOptions().hasMaxAge() ? response.getOptions().getMaxAge() : null;
            done.accept(new Answer.Response(response.getCode().value, maxAge == null ? -1 : maxAge));
        }

        @Override
        public void onReject() {
            done.accept(new Answer.Nothing());
        }

        @Override
        public void onTimeout() {
            done.accept(new Answer.Nothing());
        }

        @Override
        public void onCancel() {
            done.accept(new Answer.Nothing());
        }

        @Override
        public void onSendError(Throwable error) {
            done.accept(new Answer.Nothing());
        }
    }

    private String links() {
        StringBuilder links = new StringBuilder();
        OwnResources.PATHS.forEach(path -> links.append('<').append(path).append(">;obs,"));
        nic.sensorUris().forEach(uri -> links.append('<').append(uri).append(">;obs,"));
        links.append("</").append(TableResource.NAME).append(">,");
        return links.append("</").append(SensorRules.PREFIX).append('>').toString();
    }
}
