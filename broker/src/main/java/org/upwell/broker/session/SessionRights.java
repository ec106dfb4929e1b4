// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.List;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.topic.SharedFilter;

/// Who the principal of a session is and what it may do and have at present. Part of a [Session]; owner's thread.
final class SessionRights {

    private Principal principal;
    private Permissions permissions;
    private SessionLimits limits;

    /// True once something may come that the principal lost the right to: from then on each delivery is checked.
    private boolean checksDeliveries;

    SessionRights(Principal principal, Session.Access access) {
        this.principal = principal;
        this.permissions = access.permissions();
        this.limits = access.limits();
    }

    Principal principal() {
        return principal;
    }

    Permissions permissions() {
        return permissions;
    }

    SessionLimits limits() {
        return limits;
    }

    void replace(Principal now, Session.Access access) {
        principal = now;
        permissions = access.permissions();
        limits = access.limits();
    }

    /// The principal may do nothing any more.
    void revoke() {
        permissions = Permissions.NONE;
        checksDeliveries = true;
    }

    /// Says whether a subscription may bring what the principal has no right to.
    void checkDeliveries(boolean check) {
        checksDeliveries = check;
    }

    /// From now on each delivery is checked, if the rights do not cover some subscriptions that stay.
    void stopDeliveriesOf(List<String> uncovered) {
        checksDeliveries |= !uncovered.isEmpty();
    }

    /// True if `newcomer`'s token was issued before this principal's.
    boolean areNewerThan(Principal newcomer) {
        return principal.issuedAt() != null
                && newcomer.issuedAt() != null
                && newcomer.issuedAt().isBefore(principal.issuedAt());
    }

    boolean permits(Delivery delivery) {
        return !checksDeliveries
                || permissions.mayReceive(delivery.message().topic())
                || OwnView.isTopic(delivery.message().topic());
    }

    /// As [Permissions#grantedQos]; everybody may see what is made for his own session.
    int grantedQos(SharedFilter filter, int requestedQos) {
        int granted = permissions.grantedQos(filter.filter(), requestedQos);
        return granted < 0 && !filter.isShared() && OwnView.covers(filter.filter()) ? requestedQos : granted;
    }
}
