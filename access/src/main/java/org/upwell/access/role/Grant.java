// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

/// One line of the role table.
///
/// @param filter a topic filter in which a level may be [#TENANT]
/// @param maxQos greatest QoS allowed, 0 to 2
/// @param retain whether retained messages may be published
public record Grant(Action action, String filter, int maxQos, boolean retain) {

    /// The level that stands for the tenant of whoever has the role.
    public static final String TENANT = "{tenantId}";

    /// What a grant allows.
    public enum Action {
        PUBLISH,
        SUBSCRIBE,
        BOTH;

        boolean publish() {
            return this != SUBSCRIBE;
        }

        boolean subscribe() {
            return this != PUBLISH;
        }
    }

    static Grant publish(String filter, boolean retain) {
        return new Grant(Action.PUBLISH, filter, 2, retain);
    }

    static Grant subscribe(String filter) {
        return new Grant(Action.SUBSCRIBE, filter, 2, false);
    }

    static Grant both(String filter) {
        return new Grant(Action.BOTH, filter, 2, true);
    }

    /// True if it stays within one tenant's topics, whichever tenant that is.
    boolean isWithinTenant() {
        return filter.startsWith(TENANT + "/");
    }
}
