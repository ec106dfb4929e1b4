// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// A shared subscription whose queue is kept: the sessions of one tenant that share `filter` under `group`.
///
/// @param group the share name
/// @param filter the topic filter without `$share/<group>/`
public record GroupRecord(String tenant, String group, String filter) {}
