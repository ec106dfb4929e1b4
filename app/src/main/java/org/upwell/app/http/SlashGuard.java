// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Lets no encoded slash make levels of a path: paths are decoded before they are matched, so a tenant called
/// `x/clients/y` would else stand for client `y` of tenant `x`. Only a client id and a topic filter, with which the
/// paths of queues and groups go on, may hold slashes; [QueueRoutes] looks at those as they were sent.
final class SlashGuard implements Filter {

    private static final Pattern BEFORE_FREE_TEXT = Pattern.compile("/api/tenants/[^/]+/(?:queues|groups/[^/]+)/(?=.)");

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        String raw = request.path().rawPathNoParams();
        Matcher matcher = BEFORE_FREE_TEXT.matcher(raw);
        String levels = matcher.lookingAt() ? matcher.group() : raw;
        if (levels.toLowerCase(Locale.ROOT).contains("%2f")) {
            HttpServices.sendNothingHere(response);
        } else {
            chain.proceed();
        }
    }
}
