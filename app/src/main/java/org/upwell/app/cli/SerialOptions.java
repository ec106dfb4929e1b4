// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import org.upwell.field.LinkAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// The line between a sensor and a NIC.
final class SerialOptions {
    @Option(
            names = "--serial",
            paramLabel = "LINE",
            required = true,
            converter = LinkConverter.class,
            description = "A serial port or pseudo-terminal, 38400 baud 8N1; or tcp:HOST:PORT for one behind TCP;"
                    + " or tcp-listen:PORT to wait for the other side on this machine")
    @SuppressWarnings("NullAway.Init") // required
    private LinkAddress link;

    LinkAddress link() {
        return link;
    }

    /// Reads where the line is.
    static final class LinkConverter implements ITypeConverter<LinkAddress> {
        @Override
        public LinkAddress convert(String text) {
            try {
                return new LinkAddress(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
