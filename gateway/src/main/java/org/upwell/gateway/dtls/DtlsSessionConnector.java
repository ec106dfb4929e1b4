// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.dtls;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.Connector;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.EndpointContextMatcher;
import org.eclipse.californium.elements.MessageCallback;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.RawDataChannel;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.elements.util.Bytes;
import org.eclipse.californium.scandium.ConnectionListener;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.DatagramFilter;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.Connection;
import org.eclipse.californium.scandium.dtls.Record;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedMultiPskStore;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;

/// A DTLS 1.2 socket whose peers are DTLS sessions instead of addresses.
///
/// What is above it binds everything to the peer's address: sessions of applications, tokens, observe relations. So
/// each DTLS session gets an address that stands for it ([SessionAddresses]). With a connection ID (RFC 9146) a
/// peer may come from elsewhere and is the same; whoever takes over its address under another DTLS session is
/// another; and what is sent to a session goes to that session or nowhere. A resumed session is the same session.
///
/// A session is over, and everything that was bound to it, when its peer says so (close_notify), when either side
/// gives it up after a fault, when there is no room for it, or when the same peer opens another at the same address
/// and port, as after a crash. One whose peer went away without a word from a port that it does not take again
/// cannot be told from one that is silent. Any thread.
public final class DtlsSessionConnector implements Connector {

    private static final int CONNECTION_ID_BYTES = 6;
    private static final int MAX_SESSIONS = 10_000;
    private static final int THREADS = 2;

    private final DTLSConnector sockets;
    private final SessionAddresses sessions;

    /// Those that are established, each with its newest connection.
    private final Map<Bytes, Connection> connections = new ConcurrentHashMap<>();

    /// @param overloaded while true, datagrams are dropped before anything looks at them
    /// @param onDropped told of each of them
    /// @param onEnd told of each address whose session is over, on threads of this socket; must be quick
    public DtlsSessionConnector(
            InetSocketAddress address,
            DtlsSettings settings,
            BooleanSupplier overloaded,
            Runnable onDropped,
            Consumer<InetSocketAddress> onEnd) {
        sessions = new SessionAddresses(MAX_SESSIONS, onEnd);
        Configuration configuration =
                new Configuration(DtlsConfig.DEFINITIONS, UdpConfig.DEFINITIONS, SystemConfig.DEFINITIONS);
        configuration.set(DtlsConfig.DTLS_ROLE, DtlsRole.SERVER_ONLY);
        configuration.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, CONNECTION_ID_BYTES);
        configuration.set(DtlsConfig.DTLS_UPDATE_ADDRESS_USING_CID_ON_NEWER_RECORDS, true);
        configuration.set(DtlsConfig.DTLS_MAX_CONNECTIONS, MAX_SESSIONS);
        configuration.set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1);
        configuration.set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, THREADS);
        configuration.set(
                DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE,
                settings.authorities().isEmpty()
                        ? CertificateAuthenticationMode.NONE
                        : CertificateAuthenticationMode.NEEDED);
        DtlsConnectorConfig.Builder builder = new DtlsConnectorConfig.Builder(configuration)
                .setAddress(address)
                .setLoggingTag("coaps")
                .setConnectionListener(new Ends())
                .setDatagramFilter(new Guard(overloaded, onDropped));
        if (!settings.keys().isEmpty()) {
            AdvancedMultiPskStore store = new AdvancedMultiPskStore();
            settings.keys().forEach(store::setKey);
            builder.setAdvancedPskStore(store);
        }
        settings.identity().ifPresent(identity -> {
            X509Certificate[] chain = identity.chain().toArray(X509Certificate[]::new);
            builder.setCertificateIdentityProvider(
                    new SingleCertificateProvider(identity.key(), chain, CertificateType.X_509));
        });
        if (!settings.authorities().isEmpty()) {
            builder.setAdvancedCertificateVerifier(new StaticNewAdvancedCertificateVerifier.Builder()
                    .setTrustedCertificates(settings.authorities().toArray(X509Certificate[]::new))
                    .setSupportedCertificateTypes(Arrays.asList(CertificateType.X_509))
                    .build());
        }
        sockets = new DTLSConnector(builder.build());
        sockets.setEndpointContextMatcher(new SameSession());
    }

    @Override
    public void start() throws IOException {
        sockets.start();
    }

    @Override
    public void stop() {
        sockets.stop();
    }

    @Override
    public void destroy() {
        sockets.destroy();
    }

    @Override
    public void send(RawData message) {
        Optional<EndpointContext> peer = sessions.find(message.getInetSocketAddress());
        if (peer.isEmpty()) {
            message.onError(new IOException("the DTLS session is gone"));
            return;
        }
        sockets.send(RawData.outbound(message.getBytes(), peer.get(), new Told(message), false));
    }

    @Override
    public void setRawDataReceiver(RawDataChannel receiver) {
        sockets.setRawDataReceiver(received -> {
            EndpointContext context = received.getEndpointContext();
            Bytes session = context.get(DtlsEndpointContext.KEY_SESSION_ID);
            if (session == null || session.isEmpty()) {
                // We give every session an ID; without one nothing could be bound to it.
                return;
            }
            // A connection is entered before its first record is handed on, also where a session is resumed. Those of
            // one that has ended, which the library still takes for a while, would bring an address that nobody ends.
            if (!connections.containsKey(session)) {
                return;
            }
            InetSocketAddress address = sessions.of(session, context);
            if (!connections.containsKey(session)) {
                // It ended just now, perhaps before it got that address.
                sessions.end(session);
                return;
            }
            receiver.receiveData(RawData.inbound(
                    received.getBytes(),
                    new AddressEndpointContext(address, context.getPeerIdentity()),
                    false,
                    received.getReceiveNanoTimestamp(),
                    received.getConnectorAddress()));
        });
    }

    /// Of no effect: whom a message may go to is decided here.
    @Override
    public void setEndpointContextMatcher(EndpointContextMatcher matcher) {}

    @Override
    public InetSocketAddress getAddress() {
        return sockets.getAddress();
    }

    /// To those above, sessions look like addresses.
    @Override
    public String getProtocol() {
        return "UDP";
    }

    @Override
    public boolean isRunning() {
        return sockets.isRunning();
    }

    @Override
    public void processDatagram(DatagramPacket datagram) {
        sockets.processDatagram(datagram);
    }

    /// @param connection the one that is gone; the session goes on if it was resumed on another
    private void end(Bytes session, Connection connection) {
        if (connections.remove(session, connection)) {
            sessions.end(session);
        }
    }

    private final class Ends implements ConnectionListener {

        @Override
        public void onConnectionEstablished(Connection connection) {
            Bytes session = connection.getEstablishedSessionIdentifier();
            if (session != null && !session.isEmpty()) {
                connections.put(session, connection);
                sessions.opened(session, connection.getPeerAddress(), connection.getEstablishedPeerIdentity());
            }
        }

        @Override
        public void onConnectionRemoved(Connection connection) {
            Bytes session = connection.getEstablishedSessionIdentifier();
            if (session != null) {
                end(session, connection);
            }
        }

        @Override
        public boolean onConnectionUpdatesSequenceNumbers(Connection connection, boolean writeSequenceNumber) {
            return false;
        }

        @Override
        public void beforeExecution(Connection connection) {}

        @Override
        public void updateExecution(Connection connection) {}

        /// After each task of a connection. One that its peer closed is kept by the library, to see the records
        /// that the alert overtook, and nobody else is told.
        @Override
        public void afterExecution(Connection connection) {
            if (connection.isClosed()) {
                onConnectionRemoved(connection);
            }
        }

        /// As with the filter: a forged record must not end a session.
        @Override
        public boolean onConnectionMacError(Connection connection) {
            return false;
        }
    }

    private record Guard(BooleanSupplier overloaded, Runnable onDropped) implements DatagramFilter {

        @Override
        public boolean onReceiving(DatagramPacket datagram) {
            if (overloaded.getAsBoolean()) {
                onDropped.run();
                return false;
            }
            return true;
        }

        @Override
        public boolean onReceiving(Record received, Connection connection) {
            return true;
        }

        /// Not ours to act on: a forged record must not end a session.
        @Override
        public boolean onMacError(Record received, Connection connection) {
            return false;
        }
    }

    /// Lets a message go out only in the DTLS session that it is for.
    private static final class SameSession implements EndpointContextMatcher {

        @Override
        public String getName() {
            return "same DTLS session";
        }

        @Override
        public Object getEndpointIdentity(EndpointContext context) {
            return context.getPeerAddress();
        }

        @Override
        public boolean isResponseRelatedToRequest(EndpointContext request, EndpointContext response) {
            return isToBeSent(request, response);
        }

        @Override
        public boolean isToBeSent(EndpointContext message, EndpointContext connection) {
            Bytes session = message.get(DtlsEndpointContext.KEY_SESSION_ID);
            // Null if there is no connection: it is for the peer to open one.
            return session != null
                    && connection != null
                    && session.equals(connection.get(DtlsEndpointContext.KEY_SESSION_ID));
        }

        @Override
        public String toRelevantState(EndpointContext context) {
            return context == null ? "none" : context.toString();
        }
    }

    /// Tells the sender, in whose eyes the peer is the session's address.
    private record Told(RawData message) implements MessageCallback {

        @Override
        public void onConnecting() {
            message.onConnecting();
        }

        @Override
        public void onDtlsRetransmission(int flight) {
            message.onDtlsRetransmission(flight);
        }

        @Override
        public void onContextEstablished(EndpointContext context) {
            message.onContextEstablished(message.getEndpointContext());
        }

        @Override
        public void onSent() {
            message.onSent();
        }

        @Override
        public void onError(Throwable fault) {
            message.onError(fault);
        }
    }
}
