// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.upwell.access.login.Access;

/// Broker, token service and gateway of a demo, in whichever process, on one data directory.
sealed interface BackOffice extends AutoCloseable permits OneProcess, TwoProcesses {
    String TLS = "tls";
    String TCP = "tcp";

    /// Users, tenants, devices and tokens.
    Access access();

    /// Starts what is not running yet, when tenants and devices are known: processes that run look for new ones only
    /// now and then, and refuse them until they do.
    void begin() throws IOException;

    /// The CA that clients have to trust.
    Path authority();

    InetSocketAddress mqttTls();

    InetSocketAddress mqttTcp();

    InetSocketAddress http();

    InetSocketAddress https();

    /// For applications.
    InetSocketAddress coap();

    /// For devices.
    InetSocketAddress field();

    @Override
    void close();
}
