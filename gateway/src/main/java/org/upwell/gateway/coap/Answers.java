// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;

/// Small parts of requests and answers.
public final class Answers {

    private Answers() {}

    public static Response of(ResponseCode code) {
        return new Response(code);
    }

    /// An answer with a diagnostic payload (RFC 7252 §5.5.2).
    public static Response of(ResponseCode code, @Nullable String diagnostic) {
        Response response = new Response(code);
        if (diagnostic != null) {
            response.setPayload(diagnostic);
        }
        return response;
    }

    /// 5.03 with the time after which a repeat makes sense (RFC 7252 §5.9.3.4).
    public static Response unavailable(long retryAfterSeconds, String diagnostic) {
        Response response = of(ResponseCode.SERVICE_UNAVAILABLE, diagnostic);
        response.getOptions().setMaxAge(retryAfterSeconds);
        return response;
    }

    /// The Uri-Query options that say something: existing clients send an empty one for *no query* (field protocol
    /// §4).
    public static List<String> query(OptionSet options) {
        List<String> query = new ArrayList<>(options.getURIQueryCount());
        for (String part : options.getUriQuery()) {
            if (!part.isEmpty()) {
                query.add(part);
            }
        }
        return query;
    }

    /// The parameters `name=value` of the query; of a name that comes twice, the first.
    public static Map<String, String> parameters(OptionSet options) {
        Map<String, String> parameters = new HashMap<>();
        for (String part : query(options)) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals);
            parameters.putIfAbsent(name, equals < 0 ? "" : part.substring(equals + 1));
        }
        return parameters;
    }
}
