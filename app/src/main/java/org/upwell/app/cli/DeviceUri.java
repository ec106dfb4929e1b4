// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.net.URI;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Checks the address of a device's resource before anything is sent.
final class DeviceUri {
    private DeviceUri() {}

    static String check(CommandSpec spec, String text) {
        try {
            URI uri = URI.create(text);
            if ("coap".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null) {
                return text;
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "'" + text + "' is not a URI: " + e.getMessage(), e);
        }
        throw new ParameterException(
                spec.commandLine(), "'" + text + "' is not a device's address such as coap://SSN<MAC>.<domain>/path");
    }
}
