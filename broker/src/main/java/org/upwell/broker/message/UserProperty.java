// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.message;

/// One user property of a message; names may repeat and order is kept ([MQTT-3.3.2-18]).
public record UserProperty(String name, String value) {}
