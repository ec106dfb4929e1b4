// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import java.util.List;

/// Tells supervisors whether the process lives and whether it can serve.
final class HealthRoutes implements Routes {

    private record Health(String status, List<String> causes) {}

    private final Readiness readiness;

    HealthRoutes(Readiness readiness) {
        this.readiness = readiness;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get("/health/live", (_, response) -> Json.send(response, 200, new Health("up", List.of())))
                .get("/health/ready", (_, response) -> {
                    List<String> causes = readiness.causesAgainst();
                    boolean ready = causes.isEmpty();
                    Json.send(response, ready ? 200 : 503, new Health(ready ? "up" : "down", causes));
                });
    }
}
