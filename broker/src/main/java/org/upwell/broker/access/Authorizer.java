// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

/// Compiles what a principal may do.
public interface Authorizer {

    /// Resolves the role table for `principal`, `{tenantId}` replaced. Quick and pure; called once at CONNECT and
    /// again when the table changes. The result may be used from any thread.
    Permissions permissionsOf(Principal principal);
}
