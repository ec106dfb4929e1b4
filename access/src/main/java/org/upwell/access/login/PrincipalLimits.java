// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import org.jspecify.annotations.Nullable;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.Tenant;
import org.upwell.access.role.RoleQueue;
import org.upwell.access.role.RoleTable;
import org.upwell.broker.access.Principal;
import org.upwell.broker.session.OverflowRule;
import org.upwell.broker.session.SessionDirectory;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// What the sessions of a principal may hold: what its token claims, as far as its tenant may have it; else the
/// largest that its roles give; else what is configured. Safe for all threads; looks up memory only.
public final class PrincipalLimits implements SessionDirectory.Limits {

    private final AccessDirectory directory;
    private final SessionLimits configured;

    /// @param configured for whoever neither roles nor token say otherwise
    public PrincipalLimits(AccessDirectory directory, SessionLimits configured) {
        this.directory = directory;
        this.configured = configured;
    }

    @Override
    public SessionLimits of(Principal principal) {
        SessionLimits byRoles = byRoles(principal);
        QueueLimit claim = principal.queueLimit();
        if (claim == null) {
            return byRoles;
        }
        QueueLimit most = directory
                .tenants()
                .find(principal.tenant())
                .map(Tenant::queueLimit)
                .orElse(null);
        return bounded(byRoles, claim, most);
    }

    private static SessionLimits bounded(SessionLimits byRoles, QueueLimit claim, @Nullable QueueLimit most) {
        int messages = most == null ? byRoles.queueMessages() : most.messages();
        long bytes = most == null ? byRoles.queueBytes() : most.bytes();
        return new SessionLimits(
                Math.min(claim.messages(), messages),
                Math.min(claim.bytes(), bytes),
                byRoles.overflow(),
                byRoles.qos0Bytes(),
                byRoles.redeliverSharedOnLoss());
    }

    private SessionLimits byRoles(Principal principal) {
        RoleTable table = directory.roles();
        int messages = 0;
        long bytes = 0;
        OverflowRule overflow = null;
        boolean contradictory = false;
        for (String name : principal.roles()) {
            RoleQueue queue = table.mayHave(principal.tenant(), name) ? table.queueOf(name) : RoleQueue.UNSAID;
            messages = Math.max(messages, queue.messages());
            bytes = Math.max(bytes, queue.bytes());
            OverflowRule rule = queue.overflow();
            if (rule != null) {
                contradictory |= overflow != null && overflow != rule;
                overflow = rule;
            }
        }
        if (messages == 0 && bytes == 0 && overflow == null) {
            return configured;
        }
        return new SessionLimits(
                messages == 0 ? configured.queueMessages() : messages,
                bytes == 0 ? configured.queueBytes() : bytes,
                // Roles that contradict each other decide nothing.
                overflow == null || contradictory ? configured.overflow() : overflow,
                configured.qos0Bytes(),
                configured.redeliverSharedOnLoss());
    }
}
