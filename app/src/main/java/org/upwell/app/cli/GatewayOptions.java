// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.time.Duration;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// How the CoAP commands reach a device: through which gateway, as whom, and with how much patience.
final class GatewayOptions {
    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private TokenOptions tokenOptions;

    @Option(
            names = "--gateway",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:5683",
            converter = HostAndPort.CoapConverter.class,
            description = "The gateway (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private HostAndPort gateway;

    @Option(
            names = "--local-port",
            paramLabel = "PORT",
            defaultValue = "0",
            converter = PortConverter.class,
            description = "Local UDP port, to which the session is bound (default: any free one)")
    private int localPort;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "How long to wait for an answer (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private Duration timeout;

    /// Reads a port's number.
    static final class PortConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            try {
                int port = Integer.parseInt(text);
                if (port >= 0 && port <= 65_535) {
                    return port;
                }
            } catch (NumberFormatException _) {
                // Told below, in the same words as a number out of bounds.
            }
            throw new TypeConversionException("'" + text + "' is not a port from 0 to 65535");
        }
    }

    /// For a command that is to do one thing, which a signal cuts short.
    CoapSession open() {
        return open(SignalHook::abandoning);
    }

    /// @param onSignal makes the hook that closes the session at a signal
    CoapSession open(Function<AutoCloseable, SignalHook> onSignal) {
        return CoapSession.open(gateway, localPort, tokenOptions.requiredToken(), timeout, onSignal);
    }
}
