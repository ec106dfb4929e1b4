// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// The access point behind which a device is, as far as its address tells: an IPv4 address is that of the access
/// point, which gives its devices ports; of an IPv6 address it is the network, the first 64 bits.
public record AccessPoint(InetAddress network) {

    private static final int IPV6_BYTES = 16;
    private static final int PREFIX_BYTES = 8;

    public static AccessPoint of(InetSocketAddress device) {
        byte[] address = device.getAddress().getAddress();
        if (address.length != IPV6_BYTES) {
            return new AccessPoint(device.getAddress());
        }
        try {
            return new AccessPoint(
                    InetAddress.getByAddress(Arrays.copyOf(Arrays.copyOf(address, PREFIX_BYTES), IPV6_BYTES)));
        } catch (UnknownHostException fault) {
            throw new IllegalStateException("16 bytes are an address", fault);
        }
    }

    @Override
    public String toString() {
        String text = network.getHostAddress();
        return network.getAddress().length == IPV6_BYTES ? text + "/64" : text;
    }
}
