// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;

/// The metrics for Prometheus. They name tenants, so where others than this machine can ask, only an administrator
/// is told.
final class MetricsRoutes implements Routes {

    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry;
    private final Callers callers;
    private final boolean open;

    /// @param open whether everybody who reaches the listener may read
    MetricsRoutes(PrometheusMeterRegistry registry, Callers callers, boolean open) {
        this.registry = registry;
        this.callers = callers;
        this.open = open;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get("/metrics", this::scrape);
    }

    private void scrape(ServerRequest request, ServerResponse response) {
        if (!open) {
            callers.administrator(request);
        }
        byte[] body = registry.scrape(CONTENT_TYPE).getBytes(StandardCharsets.UTF_8);
        Json.send(response, 200, CONTENT_TYPE, body);
    }
}
