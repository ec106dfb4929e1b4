// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads how many things to wait for, at least one.
final class CountConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
        if (!text.matches("[0-9]{1,18}") || text.matches("0+")) {
            throw new TypeConversionException("'" + text + "' is not a count, 1 or more");
        }
        return Long.valueOf(text);
    }
}
