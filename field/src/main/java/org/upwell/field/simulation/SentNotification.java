// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.simulation;

import org.upwell.field.nic.BubbleUpClass;

/// What one simulated device has begun to send to the gateway; it counts once, however often it is repeated.
///
/// @param sequence the NIC's own number, which the gateway sees too
@SuppressWarnings("ArrayRecordComponent") // never compared by value; told apart by mac, boot and sequence
public record SentNotification(String mac, BubbleUpClass kind, String uri, long boot, long sequence, byte[] payload) {}
