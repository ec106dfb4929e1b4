// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;

/// Times requests by path pattern and status. Paths that nobody serves count as one, so that a peer cannot make
/// labels.
final class RequestMetrics implements Filter {

    private final MeterRegistry registry;
    private final String listener;

    RequestMetrics(MeterRegistry registry, String listener) {
        this.registry = registry;
        this.listener = listener;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        long start = System.nanoTime();
        try {
            chain.proceed();
        } finally {
            registry.timer(
                            "upwell.http.requests",
                            "listener",
                            listener,
                            "path",
                            request.matchingPattern()
                                    .filter(path -> !path.isEmpty())
                                    .orElse("other"),
                            "status",
                            Integer.toString(response.status().code()))
                    .record(Duration.ofNanos(System.nanoTime() - start));
        }
    }
}
