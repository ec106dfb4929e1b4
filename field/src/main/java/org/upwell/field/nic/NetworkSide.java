// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.net.InetSocketAddress;

/// What a NIC needs of the network: a socket from which it asks its gateway and at which it serves observers. Requests
/// from the network come in by [Nic#proxy] and [Nic#observe]. Thread-safe.
interface NetworkSide extends GatewayClient {
    /// Opens a socket in the place of the present one, if there is any; observers of the old one are gone.
    void open(InetSocketAddress bind) throws IOException;

    void close();

    InetSocketAddress address();

    /// Whether anybody on the network observes a reading of the sensor.
    boolean isObserved(String sensorPath);

    /// Whether anybody on the network observes a resource of the NIC's own.
    boolean isOwnObserved(String path);

    /// A new reading for network observers.
    void notifyObservers(String uri, Reading reading);
}
