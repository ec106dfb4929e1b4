// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.message;

/// The address of a session: two tenants may use the same client id and never meet.
public record SessionKey(String tenant, String clientId) {}
