// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.net.InetSocketAddress;
import java.net.URI;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// A host, by name or address, and a port; IPv6 addresses in brackets.
record HostAndPort(String host, int port) {

    /// Resolved now, since a name may be served by another address tomorrow.
    InetSocketAddress resolve() {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new CommandFailure("no address is known for host '" + host + "'");
        }
        return address;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    static HostAndPort of(InetSocketAddress address) {
        return new HostAndPort(address.getHostString(), address.getPort());
    }

    static HostAndPort parse(String text, int defaultPort) {
        try {
            URI uri = URI.create("coap://" + text);
            String host = uri.getHost();
            if (host != null && uri.getRawAuthority().equals(text) && uri.getPort() <= 65_535) {
                String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
                return new HostAndPort(bare, uri.getPort() < 0 ? defaultPort : uri.getPort());
            }
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(expected(text) + ": " + e.getMessage());
        }
        throw new TypeConversionException(expected(text));
    }

    private static String expected(String text) {
        return "'" + text + "' is not HOST:PORT, such as 127.0.0.1:5683 or [::1]:5683";
    }

    /// For options whose port defaults to CoAP's.
    static final class CoapConverter implements ITypeConverter<HostAndPort> {
        @Override
        public HostAndPort convert(String text) {
            return parse(text, 5683);
        }
    }
}
