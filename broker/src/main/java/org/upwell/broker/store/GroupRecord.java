// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// A shared subscription whose queue is kept: the sessions of one tenant that share `filter` under `group`. What
/// was sent to one of them is kept under a record of its own, beside that client's queue: both may have the same
/// message.
///
/// @param group the share name, in a member's record with a slash and the client id behind it; share names have no
///     slash ([MQTT-4.8.2-1])
/// @param filter the topic filter without `$share/<group>/`
public record GroupRecord(String tenant, String group, String filter) {

    /// The record of what was sent to one member.
    public GroupRecord ofMember(String clientId) {
        return new GroupRecord(tenant, group + "/" + clientId, filter);
    }

    /// True for the record of what was sent to one member.
    public boolean isOfMember() {
        return group.indexOf('/') >= 0;
    }

    /// The client id in a member's record.
    public String clientId() {
        return group.substring(group.indexOf('/') + 1);
    }

    /// The group to which a member's record belongs.
    public GroupRecord ofGroup() {
        return isOfMember() ? new GroupRecord(tenant, group.substring(0, group.indexOf('/')), filter) : this;
    }
}
