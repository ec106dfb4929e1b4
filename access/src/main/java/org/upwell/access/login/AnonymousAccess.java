// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import java.util.Set;
import org.upwell.access.TenantId;

/// What clients of one listener are who offer neither name nor password.
///
/// @param tenant any valid tenant ID
/// @param roles internal ones take effect for the tenant [TenantId#INTERNAL] only
public record AnonymousAccess(String tenant, Set<String> roles) {

    public AnonymousAccess {
        TenantId.check(tenant);
        roles = Set.copyOf(roles);
    }
}
