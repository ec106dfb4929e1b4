// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.event.GatewayEvent;

/// What a proxied request asks for: `coap://SSN<MAC>.<domain>:<port>/<path>?<query>`, written in Proxy-Uri or spread
/// over Proxy-Scheme and the Uri options (RFC 7252 §5.10.2).
///
/// The device is found by its address alone. The domain must be there and says nothing; the port is the device's own
/// affair, as the address book knows where it really listens.
///
/// @param query without empty parts: an empty query is none (field protocol §4)
record ProxyTarget(Mac mac, List<String> path, List<String> query) {

    private static final String HOST_PREFIX = "SSN";
    private static final int MAC_DIGITS = 16;
    private static final String SCHEME_END = "://";

    /// In bytes of UTF-8; no Uri-Path and no Uri-Query carries more (RFC 7252 §5.10).
    private static final int MAX_PART_BYTES = 255;

    ProxyTarget {
        path = List.copyOf(path);
        query = List.copyOf(query);
    }

    static boolean isProxied(OptionSet options) {
        return options.hasProxyUri() || options.hasProxyScheme();
    }

    static ProxyTarget of(OptionSet options) throws RefusedRequestException {
        // Proxy-Uri takes precedence over all Uri options (RFC 7252 §5.10.2).
        return options.hasProxyUri() ? ofUri(options.getProxyUri()) : ofOptions(options);
    }

    private static ProxyTarget ofOptions(OptionSet options) throws RefusedRequestException {
        checkScheme(options.getProxyScheme());
        if (!options.hasUriHost()) {
            throw malformed("Proxy-Scheme needs Uri-Host");
        }
        return new ProxyTarget(device(options.getUriHost()), options.getUriPath(), Answers.query(options));
    }

    private static ProxyTarget ofUri(String uri) throws RefusedRequestException {
        int schemeEnd = uri.indexOf(SCHEME_END);
        if (schemeEnd < 0) {
            throw malformed("Proxy-Uri is not absolute");
        }
        checkScheme(uri.substring(0, schemeEnd));
        if (uri.indexOf('#') >= 0) {
            throw malformed("Proxy-Uri has a fragment");
        }
        String rest = uri.substring(schemeEnd + SCHEME_END.length());
        int queryStart = rest.indexOf('?');
        String beforeQuery = queryStart < 0 ? rest : rest.substring(0, queryStart);
        int pathStart = beforeQuery.indexOf('/');
        String authority = pathStart < 0 ? beforeQuery : beforeQuery.substring(0, pathStart);
        String path = pathStart < 0 ? "" : beforeQuery.substring(pathStart + 1);
        int colon = authority.lastIndexOf(':');
        Mac mac = device(colon < 0 ? authority : authority.substring(0, colon));
        String query = queryStart < 0 ? "" : rest.substring(queryStart + 1);
        return new ProxyTarget(mac, path.isEmpty() ? List.of() : parts(path, '/', true), parts(query, '&', false));
    }

    private static void checkScheme(String scheme) throws RefusedRequestException {
        if (!scheme.equalsIgnoreCase(CoAP.COAP_URI_SCHEME)) {
            throw new RefusedRequestException(
                    ResponseCode.PROXY_NOT_SUPPORTED, GatewayEvent.PROXY_MALFORMED, "only coap is carried on");
        }
    }

    /// Host names are compared without case (RFC 3986 §3.2.2).
    private static Mac device(String host) throws RefusedRequestException {
        int macEnd = HOST_PREFIX.length() + MAC_DIGITS;
        boolean named = host.regionMatches(true, 0, HOST_PREFIX, 0, HOST_PREFIX.length())
                && host.length() > macEnd + 1
                && host.charAt(macEnd) == '.';
        if (named) {
            try {
                return Mac.parse(host.substring(HOST_PREFIX.length(), macEnd));
            } catch (IllegalArgumentException _) {
                // Not the name of a device: below.
            }
        }
        throw new RefusedRequestException(
                ResponseCode.NOT_FOUND, GatewayEvent.PROXY_NOT_FOUND, "host is not SSN<MAC>.<domain>");
    }

    private static List<String> parts(String text, char separator, boolean keepEmpty) throws RefusedRequestException {
        List<String> parts = new ArrayList<>();
        int start = 0;
        while (start <= text.length()) {
            int end = text.indexOf(separator, start);
            String part = text.substring(start, end < 0 ? text.length() : end);
            if (keepEmpty || !part.isEmpty()) {
                String decoded = decoded(part);
                if (decoded.getBytes(StandardCharsets.UTF_8).length > MAX_PART_BYTES) {
                    throw malformed("Proxy-Uri has a part of more than " + MAX_PART_BYTES + " bytes");
                }
                parts.add(decoded);
            }
            start = end < 0 ? text.length() + 1 : end + 1;
        }
        return parts;
    }

    /// Percent-decodes one segment or argument (RFC 7252 §6.4). `+` stands for itself, unlike in forms.
    private static String decoded(String part) throws RefusedRequestException {
        if (part.indexOf('%') < 0) {
            return part;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(part.length());
        byte[] encoded = part.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < encoded.length; i++) {
            if (encoded[i] != '%') {
                bytes.write(encoded[i]);
                continue;
            }
            int high = i + 2 < encoded.length ? Character.digit(encoded[i + 1], 16) : -1;
            int low = i + 2 < encoded.length ? Character.digit(encoded[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                throw malformed("Proxy-Uri has a broken percent-encoding");
            }
            bytes.write(high << 4 | low);
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException _) {
            throw malformed("Proxy-Uri is not UTF-8");
        }
    }

    private static RefusedRequestException malformed(String diagnostic) {
        return new RefusedRequestException(ResponseCode.BAD_REQUEST, GatewayEvent.PROXY_MALFORMED, diagnostic);
    }
}
