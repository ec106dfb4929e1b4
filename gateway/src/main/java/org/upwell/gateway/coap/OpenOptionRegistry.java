// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import org.eclipse.californium.core.coap.option.MapBasedOptionRegistry;
import org.eclipse.californium.core.coap.option.OpaqueOptionDefinition;
import org.eclipse.californium.core.coap.option.OptionDefinition;
import org.eclipse.californium.core.coap.option.StandardOptionRegistry;

/// Lets the parser keep every option, known or not. The library's own registry drops or rejects unknown ones before
/// anybody can apply a proxy's rules to them (RFC 7252 §5.7), which ask for some to be forwarded untouched.
final class OpenOptionRegistry extends MapBasedOptionRegistry {

    private static final int MAX_LENGTH = 65535 + 269;

    OpenOptionRegistry() {
        super(StandardOptionRegistry.STANDARD_OPTIONS, new OptionDefinition[0]);
    }

    @Override
    public OptionDefinition getDefinitionByNumber(int code, int optionNumber) {
        OptionDefinition known = super.getDefinitionByNumber(code, optionNumber);
        return known == null ? unknown(optionNumber) : known;
    }

    @Override
    public OptionDefinition getDefinitionByNumber(int optionNumber) {
        OptionDefinition known = super.getDefinitionByNumber(optionNumber);
        return known == null ? unknown(optionNumber) : known;
    }

    /// Repeatable, because nobody knows that it is not.
    private static OptionDefinition unknown(int optionNumber) {
        return new OpaqueOptionDefinition(optionNumber, "Option " + optionNumber, false, 0, MAX_LENGTH);
    }
}
