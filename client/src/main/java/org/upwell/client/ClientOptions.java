// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.Connect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;

/// All that a client is told once. Made by [#builder], which has a default for everything but host and port.
///
/// @param tls null for a plain connection
/// @param cleanStart discards an old session when the client connects for the first time; when it reconnects, the
///     session is resumed as far as the version can say so (MQTT 5: whenever `sessionExpiry` is not zero)
/// @param sessionExpiry MQTT 5 only; more than [#NEVER_EXPIRES] means never
/// @param keepAlive whole seconds; zero turns it off, unless the server imposes one
/// @param pingTimeout how long a PINGREQ may stay without any sign of life
/// @param connectTimeout from the first look-up of the host name to CONNACK
/// @param receiveMaximum how many messages at QoS 1 and 2 we take unacknowledged (MQTT 5)
/// @param maxPacketBytes the largest packet that we take
/// @param connectProperties further properties of CONNECT (MQTT 5): user properties and the two *request …
///     information*
/// @param maxInFlight how many messages at QoS 1 and 2 we send unacknowledged, if the server allows as many; 100 in
///     MQTT 5 and 20 in 3.x unless set
/// @param maxOutstanding how many messages may wait or be in flight before [MqttClient#publish] refuses more
/// @param maxOutstandingBytes the same in encoded bytes
/// @param reconnect null to stay away once a connection is lost
/// @param republish whether messages that were given before CONNACK and are not acknowledged are sent as new when the
///     server lost the session; at QoS 2 they may then arrive twice. Else they fail with
///     [MqttException.Kind#SESSION_LOST], sent or not, and what an earlier process left in the store is dropped with a
///     warning
/// @param resubscribe whether subscriptions are made again when the server lost the session
/// @param inFlightStore keeps nothing beyond the process unless set; who resumes an earlier process's session and
///     sends at QoS 2 needs one that does, else a packet id of that process may be used for another message, which
///     the server would take for a repeat
public record ClientOptions(
        String host,
        int port,
        @Nullable ClientTls tls,
        MqttVersion version,
        String clientId,
        boolean cleanStart,
        Duration sessionExpiry,
        Duration keepAlive,
        Duration pingTimeout,
        Duration connectTimeout,
        Credentials.Source credentials,
        Connect.@Nullable Will will,
        int receiveMaximum,
        int maxPacketBytes,
        Properties connectProperties,
        int maxInFlight,
        int maxOutstanding,
        long maxOutstandingBytes,
        @Nullable Reconnect reconnect,
        boolean republish,
        boolean resubscribe,
        MessageListener messageListener,
        ConnectionListener connectionListener,
        InFlightStore inFlightStore) {

    /// A session expiry of MQTT 5 that never ends (section 3.1.2.11.2).
    public static final Duration NEVER_EXPIRES = Duration.ofSeconds(0xFFFF_FFFFL);

    private static final Set<Property> FREE_PROPERTIES =
            Set.of(Property.USER_PROPERTY, Property.REQUEST_PROBLEM_INFORMATION, Property.REQUEST_RESPONSE_INFORMATION);

    private static final int MAX_RECEIVE_MAXIMUM = 65_535;

    /// A server of 3.x cannot announce how much it takes at once, and some end connections that send more than this.
    private static final int DEFAULT_IN_FLIGHT_3 = 20;
    private static final int DEFAULT_IN_FLIGHT_5 = 100;

    public ClientOptions {
        checkRange("port", port, 1, 65_535);
        checkRange("receive maximum", receiveMaximum, 1, MAX_RECEIVE_MAXIMUM);
        checkRange("in-flight limit", maxInFlight, 1, MAX_RECEIVE_MAXIMUM);
        checkRange("maximum packet size", maxPacketBytes, 2, Integer.MAX_VALUE);
        checkRange("outstanding limit", maxOutstanding, 1, Integer.MAX_VALUE);
        checkRange("keep alive", keepAlive.toSeconds(), 0, 65_535);
        if (sessionExpiry.isNegative() || !pingTimeout.isPositive() || !connectTimeout.isPositive()) {
            throw new IllegalArgumentException("a time limit is not positive");
        }
        for (int i = 0; i < connectProperties.size(); i++) {
            Property key = connectProperties.key(i);
            if (!FREE_PROPERTIES.contains(key)) {
                throw new IllegalArgumentException(key + " is not free to be set");
            }
        }
        if (maxOutstandingBytes < 1) {
            throw new IllegalArgumentException("outstanding bytes cannot be limited to " + maxOutstandingBytes);
        }
    }

    private static void checkRange(String what, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " is " + min + " to " + max + ", not " + value);
        }
    }

    public static Builder builder(String host, int port) {
        return new Builder(host, port);
    }

    /// Collects options; not for several threads.
    public static final class Builder {

        private final String host;
        private final int port;
        private @Nullable ClientTls tls;
        private MqttVersion version = MqttVersion.MQTT_5;
        private String clientId = "";
        private boolean cleanStart = true;
        private Duration sessionExpiry = Duration.ZERO;
        private Duration keepAlive = Duration.ofSeconds(60);
        private Duration pingTimeout = Duration.ofSeconds(10);
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Credentials.Source credentials = Credentials.NONE.always();
        private Connect.@Nullable Will will;
        private int receiveMaximum = MAX_RECEIVE_MAXIMUM;
        private int maxPacketBytes = 16 << 20;
        private Properties connectProperties = Properties.NONE;
        private int maxInFlight;
        private int maxOutstanding = 10_000;
        private long maxOutstandingBytes = 64L << 20;
        private @Nullable Reconnect reconnect;
        private boolean republish;
        private boolean resubscribe = true;
        private MessageListener messageListener = message -> MessageListener.DONE;
        private ConnectionListener connectionListener = ConnectionListener.NONE;
        private InFlightStore inFlightStore = InMemoryInFlightStore.INSTANCE;

        private Builder(String host, int port) {
            this.host = host;
            this.port = port;
        }

        public Builder tls(ClientTls tls) {
            this.tls = tls;
            return this;
        }

        public Builder version(MqttVersion version) {
            this.version = version;
            return this;
        }

        public Builder clientId(String clientId) {
            this.clientId = clientId;
            return this;
        }

        public Builder cleanStart(boolean cleanStart) {
            this.cleanStart = cleanStart;
            return this;
        }

        public Builder sessionExpiry(Duration sessionExpiry) {
            this.sessionExpiry = sessionExpiry;
            return this;
        }

        public Builder keepAlive(Duration keepAlive) {
            this.keepAlive = keepAlive;
            return this;
        }

        public Builder pingTimeout(Duration pingTimeout) {
            this.pingTimeout = pingTimeout;
            return this;
        }

        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = connectTimeout;
            return this;
        }

        public Builder credentials(Credentials.Source credentials) {
            this.credentials = credentials;
            return this;
        }

        public Builder will(Connect.Will will) {
            this.will = will;
            return this;
        }

        public Builder receiveMaximum(int receiveMaximum) {
            this.receiveMaximum = receiveMaximum;
            return this;
        }

        public Builder maxPacketBytes(int maxPacketBytes) {
            this.maxPacketBytes = maxPacketBytes;
            return this;
        }

        public Builder connectProperties(Properties connectProperties) {
            this.connectProperties = connectProperties;
            return this;
        }

        public Builder maxInFlight(int maxInFlight) {
            this.maxInFlight = maxInFlight;
            return this;
        }

        public Builder maxOutstanding(int messages, long bytes) {
            this.maxOutstanding = messages;
            this.maxOutstandingBytes = bytes;
            return this;
        }

        public Builder reconnect(Reconnect reconnect) {
            this.reconnect = reconnect;
            return this;
        }

        public Builder republish(boolean republish) {
            this.republish = republish;
            return this;
        }

        public Builder resubscribe(boolean resubscribe) {
            this.resubscribe = resubscribe;
            return this;
        }

        public Builder messageListener(MessageListener messageListener) {
            this.messageListener = messageListener;
            return this;
        }

        public Builder connectionListener(ConnectionListener connectionListener) {
            this.connectionListener = connectionListener;
            return this;
        }

        public Builder inFlightStore(InFlightStore inFlightStore) {
            this.inFlightStore = inFlightStore;
            return this;
        }

        /// @throws IllegalArgumentException naming the option that is out of its range
        public ClientOptions build() {
            return new ClientOptions(
                    host,
                    port,
                    tls,
                    version,
                    clientId,
                    cleanStart,
                    sessionExpiry,
                    keepAlive,
                    pingTimeout,
                    connectTimeout,
                    credentials,
                    will,
                    receiveMaximum,
                    maxPacketBytes,
                    connectProperties,
                    maxInFlight != 0 ? maxInFlight : version.isMqtt5() ? DEFAULT_IN_FLIGHT_5 : DEFAULT_IN_FLIGHT_3,
                    maxOutstanding,
                    maxOutstandingBytes,
                    reconnect,
                    republish,
                    resubscribe,
                    messageListener,
                    connectionListener,
                    inFlightStore);
        }
    }
}
