// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import org.upwell.access.Mac;

/// What makes two notifications the same one: a device gives each notification of a sensor the next number, and
/// starts numbering anew with each boot.
public record NotificationId(Mac mac, String sensorUri, long boot, long sequence) {}
