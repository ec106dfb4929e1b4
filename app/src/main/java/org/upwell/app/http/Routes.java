// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;

/// The paths of one concern. Handlers run on virtual threads and may block; they throw [HttpFault] for an error.
@FunctionalInterface
public interface Routes {

    /// Adds the paths, each in full. Called once per listener.
    void addTo(HttpRules rules);
}
