// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.event;

import java.util.Locale;

/// The outcomes that the gateway counts. A peer's misbehaviour is an event here and never a log line above debug.
public enum GatewayEvent {
    /// A datagram that came while too many waited to be handled.
    DATAGRAM_OVERLOAD_DROPPED,
    /// A datagram without DTLS whose source is an address that stands for a DTLS session.
    DATAGRAM_SOURCE_FORGED,
    /// A message of a device that came again, byte for byte; answered as the first time.
    DATAGRAM_REPEATED,
    /// A datagram from outside the field networks, dropped before anything looked at it.
    FIELD_SOURCE_OUTSIDE_NETWORKS,
    /// A request that the field listener could not read, or for a resource that it does not have.
    FIELD_BAD_REQUEST,
    /// A registration of a device, first or refreshed.
    DEVICE_REGISTERED,
    /// A registration from another address than before.
    DEVICE_MOVED,
    /// Two registrations were missed.
    DEVICE_OFFLINE,
    /// A new device registered from the address of another, which is gone from there.
    DEVICE_REPLACED,
    /// A registration refused because the address book is full.
    ADDRESS_BOOK_FULL,

    /// A notification from an address that no device registered.
    BUBBLE_UP_UNREGISTERED,
    /// A notification whose MAC is not the one registered at its source address.
    BUBBLE_UP_FORGED,
    /// A notification with a missing or wrong parameter, or without a usable sensor type.
    BUBBLE_UP_MALFORMED,
    /// A notification of a device that belongs to nobody.
    BUBBLE_UP_UNKNOWN_DEVICE,
    /// A repeat of a notification that was published before.
    BUBBLE_UP_REPEATED,
    /// A repeat of a notification whose publishing is still under way.
    BUBBLE_UP_JOINED,
    /// Published and acknowledged.
    BUBBLE_UP_PUBLISHED,
    /// Sent back because there is no connection to the broker.
    BUBBLE_UP_BROKER_AWAY,
    /// Sent back because as much as allowed is under way.
    BUBBLE_UP_BROKER_BUSY,
    /// Refused by the broker with a reason code.
    BUBBLE_UP_REFUSED,
    /// Sent back because the broker's acknowledgement did not come in time; a repeat waits for it.
    BUBBLE_UP_LATE,

    /// A message of a device that belongs to nobody, kept.
    QUARANTINE_HELD,
    /// One that was sent back because there was no room.
    QUARANTINE_FULL,
    /// Published after its device was given an owner.
    QUARANTINE_RELEASED,
    /// Dropped because nobody owned its device for too long.
    QUARANTINE_EXPIRED,
    /// Dropped on somebody's order.
    QUARANTINE_DISCARDED,

    /// A presence message that the broker acknowledged.
    PRESENCE_PUBLISHED,
    /// A presence message that has to be sent again.
    PRESENCE_DEFERRED,

    SESSION_OPENED,
    /// Opened by an earlier process of this gateway.
    SESSION_RESTORED,
    SESSION_CLOSED,
    SESSION_EXPIRED,
    /// Its principal may not come in any more.
    SESSION_REVOKED,
    /// Credentials refused.
    SESSION_REFUSED,
    /// Refused because the tenant has as many sessions as it may have.
    SESSION_LIMIT_REACHED,

    /// A request carried on to a device.
    PROXY_FORWARDED,
    /// An answer of a device carried back.
    PROXY_ANSWERED,
    /// An answer that a device gave before and that still holds.
    PROXY_CACHED,
    PROXY_NO_SESSION,
    /// A request for a device that is unknown or another tenant's.
    PROXY_NOT_FOUND,
    /// A request or an answer with an option that may not be forwarded.
    PROXY_BAD_OPTION,
    /// A request that the proxy could not read.
    PROXY_MALFORMED,
    /// A request that the device did not answer.
    PROXY_UNREACHABLE,
    /// A request sent back because too many wait for the device or its access point.
    PROXY_BUSY,
    /// A request sent again because the device had registered from a new address.
    PROXY_REDIRECTED,

    /// An observe relation with a device.
    OBSERVE_UPSTREAM_STARTED,
    /// Registered again with a device that had been silent for longer than its last word held.
    OBSERVE_UPSTREAM_RENEWED,
    OBSERVE_UPSTREAM_ENDED,
    /// An observe relation with an application.
    OBSERVE_STARTED,
    /// One that goes on after a restart of the gateway.
    OBSERVE_RESUMED,
    OBSERVE_ENDED,
    NOTIFICATION_SENT;

    /// The name for metrics: lower case with hyphens.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
