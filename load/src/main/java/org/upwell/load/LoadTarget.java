// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.MqttVersion;

/// The broker, and how clients connect to it.
///
/// @param tls null for plain TCP
/// @param remote whether a broker on another machine is meant
/// @param connectsAtOnce connections that are being made at one time
/// @param patience for one connection to be made
public record LoadTarget(
        String host,
        int port,
        boolean remote,
        MqttVersion version,
        Logins logins,
        @Nullable LoadTls tls,
        int keepAliveSeconds,
        int connectsAtOnce,
        Duration patience) {

    public LoadTarget {
        if (connectsAtOnce < 1) {
            throw new IllegalArgumentException("at least one connection must be made at a time");
        }
        if (keepAliveSeconds < 0 || keepAliveSeconds > 65_535) {
            throw new IllegalArgumentException("the keep-alive is 0 to 65535 s, not " + keepAliveSeconds);
        }
    }

    /// A broker on this machine, MQTT 3.1.1, plain, anonymous.
    public static LoadTarget local(int port) {
        return local(port, Logins.anonymous());
    }

    /// The same, for who logs in.
    public static LoadTarget local(int port, Logins logins) {
        return new LoadTarget(
                "127.0.0.1", port, false, MqttVersion.MQTT_3_1_1, logins, null, 60, 64, Duration.ofSeconds(10));
    }

    /// Looks the name up once, so that no connection of the run waits for that.
    InetSocketAddress resolve() throws LoadException {
        InetAddress address;
        try {
            address = InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new LoadException("no address is known for host '" + host + "'", e);
        }
        if (!address.isLoopbackAddress() && !remote) {
            throw new LoadException(
                    "'" + host + "' is not this machine: load on another one must be asked for by name");
        }
        return new InetSocketAddress(address, port);
    }
}
