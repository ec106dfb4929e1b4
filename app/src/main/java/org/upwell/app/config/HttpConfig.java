// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

/// Plain HTTP, on this machine only.
public record HttpConfig(BindAddress address) {
    public static final int DEFAULT_PORT = 8080;

    static HttpConfig read(Section section) {
        return read(section, DEFAULT_PORT);
    }

    static HttpConfig read(Section section, int defaultPort) {
        BindAddress address = BindAddress.read(section, BindAddress.LOOPBACK, defaultPort);
        if (!address.bind().isLoopbackAddress()) {
            section.fault("bind", "must be a loopback address such as 127.0.0.1: elsewhere use https");
        }
        section.refuseUnknownKeys();
        return new HttpConfig(address);
    }
}
