// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.upwell.field.link.ByteLink;
import org.upwell.field.link.StreamLink;
import org.upwell.field.serial.SerialLink;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/// The line between a sensor and a NIC: a serial port, a pseudo-terminal, or TCP to something that has one.
final class SerialOptions {
    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init") // required
    private Given given;

    /// One or the other.
    static final class Given {
        @Option(
                names = "--serial",
                paramLabel = "PATH",
                required = true,
                description = "The serial port or pseudo-terminal, 38400 baud 8N1")
        private @Nullable String path;

        @Option(
                names = "--tcp",
                paramLabel = "HOST:PORT",
                required = true,
                converter = TcpConverter.class,
                description = "A serial port behind TCP")
        private @Nullable HostAndPort tcp;
    }

    ByteLink open() {
        try {
            return given.tcp != null
                    ? StreamLink.connect(given.tcp.resolve())
                    : SerialLink.open(String.valueOf(given.path));
        } catch (IOException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        }
    }

    static String mac(CommandSpec spec, String text) {
        String mac = text.toLowerCase(Locale.ROOT);
        if (!mac.matches("[0-9a-f]{16}")) {
            throw new ParameterException(spec.commandLine(), "'" + text + "' is not an address of 16 hex digits");
        }
        return mac;
    }

    @Override
    public String toString() {
        return String.valueOf(given.tcp != null ? given.tcp : given.path);
    }

    /// Has no default port, so one must be given.
    static final class TcpConverter implements ITypeConverter<HostAndPort> {
        @Override
        public HostAndPort convert(String text) {
            HostAndPort parsed = HostAndPort.parse(text, 0);
            if (parsed.port() == 0) {
                throw new TypeConversionException("'" + text + "' names no port");
            }
            return parsed;
        }
    }
}
