// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.OptionNumberRegistry;
import org.eclipse.californium.core.coap.OptionSet;

/// What makes two requests ask for the same thing: method, target and every forwarded option that is part of the
/// cache key (RFC 7252 §5.4.6).
///
/// @param options number and value of each, as text, in their order
record ResourceKey(Code method, ProxyTarget target, List<String> options) {

    private static final String ETAG = OptionNumberRegistry.ETAG + ":";

    static ResourceKey of(Code method, ProxyTarget target, OptionSet forwarded) {
        return new ResourceKey(
                method,
                target,
                forwarded.asSortedList().stream()
                        .filter(option -> !option.isNoCacheKey())
                        .map(ResourceKey::written)
                        .collect(Collectors.toUnmodifiableList()));
    }

    /// The same for whatever the client has already.
    ResourceKey withoutEtag() {
        return new ResourceKey(
                method,
                target,
                options.stream().filter(option -> !option.startsWith(ETAG)).toList());
    }

    private static String written(Option option) {
        return option.getNumber() + ":" + HexFormat.of().formatHex(option.getValue());
    }
}
