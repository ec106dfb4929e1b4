// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.DeviceOwners;
import org.upwell.access.Mac;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.UserProperty;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.coap.Reply;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;

/// Takes notifications of devices and publishes them under their owners' topics.
///
/// The device keeps a notification until it sees 2.04, and it sees 2.04 only after the broker's acknowledgement; so
/// nothing is kept here, and whatever stands in the way (no broker, too much under way) is answered with 5.03 and a
/// time. What belongs to nobody goes to the [Quarantine]. Runs on the field listener's stage and on the threads of
/// the broker links; never blocks.
public final class BubbleUps {

    /// How it all is to be done.
    ///
    /// @param qos of the messages
    /// @param promptAck see [Reply#acknowledgeAfter]
    /// @param patience how long a device waits for the broker's acknowledgement before it is asked to come again
    public record Settings(QoS qos, Duration promptAck, Duration patience) {}

    private static final Logger LOG = LoggerFactory.getLogger(BubbleUps.class);

    // In seconds. Each is stretched by up to its own length, by the device's address, so that devices that were sent
    // away together do not all come back together.
    private static final int RETRY_BROKER_AWAY = 5;
    private static final int RETRY_BROKER_BUSY = 2;
    private static final int RETRY_REFUSED = 60;
    private static final int RETRY_UNKNOWN_DEVICE = 300;

    private final Settings settings;
    private final AddressBook devices;
    private final DeviceOwners owners;
    private final BridgeLinks links;
    private final BridgeJournal journal;
    private final RepeatWindow window;
    private final Quarantine quarantine;
    private final QuarantineRelease release;
    private final GatewayCounters counters;
    private final InstantSource clock;
    private final ScheduledExecutorService timer;

    public BubbleUps(
            Settings settings,
            AddressBook devices,
            DeviceOwners owners,
            BridgeLinks links,
            BridgeJournal journal,
            Quarantine quarantine,
            GatewayCounters counters,
            InstantSource clock,
            ScheduledExecutorService timer) {
        this.settings = settings;
        this.devices = devices;
        this.owners = owners;
        this.links = links;
        this.journal = journal;
        this.window = journal.window();
        this.quarantine = quarantine;
        this.release = new QuarantineRelease(quarantine, owners, this::publishHeld);
        this.counters = counters;
        this.clock = clock;
        this.timer = timer;
    }

    /// Handles a notification and answers it, now or later.
    ///
    /// @param kind `read` or `alert`
    public void handle(String kind, Exchange exchange) {
        BubbleUp message;
        try {
            message = BubbleUp.parse(kind, exchange.getRequest());
        } catch (IllegalArgumentException fault) {
            refuse(
                    exchange,
                    GatewayEvent.BUBBLE_UP_MALFORMED,
                    Answers.of(ResponseCode.BAD_REQUEST, fault.getMessage()));
            return;
        }
        if (!isFromItsDevice(message, exchange)) {
            return;
        }
        Mac mac = message.id().mac();
        Optional<String> sensorType =
                SensorType.of(message.payload(), message.id().sensorUri());
        if (sensorType.isEmpty()) {
            refuse(
                    exchange,
                    GatewayEvent.BUBBLE_UP_MALFORMED,
                    Answers.of(ResponseCode.BAD_REQUEST, "no sensor type that is a topic level"));
            return;
        }
        Optional<String> tenant = owners.ownerOf(mac);
        if (tenant.isEmpty()) {
            counters.count(GatewayEvent.BUBBLE_UP_UNKNOWN_DEVICE);
            hold(message, new Reply(exchange));
        } else if (quarantine.holds(mac)) {
            // Those that came before it had an owner go first.
            release.release(mac);
            exchange.sendResponse(retry(mac, RETRY_BROKER_BUSY, "older messages go first"));
        } else {
            publishOnce(message, topic(tenant.get(), message, sensorType.get()), new Reply(exchange));
        }
    }

    private static String topic(String tenant, BubbleUp message, String sensorType) {
        return tenant + '/' + message.kind() + '/' + message.id().mac() + '/' + sensorType;
    }

    /// Keeps a message of a device that belongs to nobody.
    private void hold(BubbleUp message, Reply reply) {
        Mac mac = message.id().mac();
        CompletableFuture<ReasonCode> outcome = new CompletableFuture<>();
        switch (window.claim(message.id(), outcome)) {
            case RepeatWindow.Claim.Done() -> repeated(reply);
            case RepeatWindow.Claim.UnderWay(CompletionStage<ReasonCode> earlier) -> answerBy(earlier, mac, reply);
            case RepeatWindow.Claim.Fresh()
            when quarantine.contains(message.id()) -> {
                window.settle(message.id(), false);
                repeated(reply);
            }
            case RepeatWindow.Claim.Fresh() -> {
                Optional<CompletionStage<@Nullable Void>> kept = quarantine.hold(message);
                if (kept.isEmpty()) {
                    window.settle(message.id(), false);
                    outcome.complete(ReasonCode.QUOTA_EXCEEDED);
                    reply.answer(retry(mac, RETRY_UNKNOWN_DEVICE, "unknown device"));
                    return;
                }
                kept.get().whenComplete((_, fault) -> {
                    // Not published yet: from now on the quarantine itself tells repeats.
                    window.settle(message.id(), false);
                    if (fault == null) {
                        outcome.complete(ReasonCode.SUCCESS);
                    } else {
                        outcome.completeExceptionally(fault);
                    }
                });
                answerBy(outcome, mac, reply);
            }
        }
    }

    private void repeated(Reply reply) {
        counters.count(GatewayEvent.BUBBLE_UP_REPEATED);
        reply.answer(Answers.of(ResponseCode.CHANGED));
    }

    /// Publishes what was held, unless that was done already and the process ended before it was forgotten.
    private CompletionStage<ReasonCode> publishHeld(Quarantine.Held held, String tenant) {
        BubbleUp message = held.message();
        Optional<String> sensorType =
                SensorType.of(message.payload(), message.id().sensorUri());
        if (sensorType.isEmpty()) {
            return CompletableFuture.completedStage(ReasonCode.SUCCESS);
        }
        CompletableFuture<ReasonCode> outcome = new CompletableFuture<>();
        return switch (window.claim(message.id(), outcome)) {
            case RepeatWindow.Claim.Done() -> CompletableFuture.completedStage(ReasonCode.SUCCESS);
            // It may only be on its way into the quarantine, whose end says that it is held, not that it is published.
            case RepeatWindow.Claim.UnderWay(CompletionStage<ReasonCode> earlier) ->
                earlier.handle((_, _) -> held).thenCompose(this::publishHeldByNow);
            case RepeatWindow.Claim.Fresh() -> {
                publish(message, topic(tenant, message, sensorType.get()), held.received())
                        .handle((reason, fault) -> settle(message, reason, fault, outcome));
                yield outcome;
            }
        };
    }

    /// The device may have been moved to another tenant in the meantime, or taken from all.
    private CompletionStage<ReasonCode> publishHeldByNow(Quarantine.Held held) {
        Optional<String> tenant = owners.ownerOf(held.mac());
        return tenant.isPresent()
                ? publishHeld(held, tenant.get())
                : CompletableFuture.completedStage(ReasonCode.NOT_AUTHORIZED);
    }

    /// Says that a device has an owner now, or another.
    public void ownerChanged(Mac mac) {
        release.release(mac);
    }

    /// To be called now and then: releases and expires what is in quarantine.
    public void sweep() {
        release.releaseAll();
        quarantine.expire();
    }

    /// Only the address that a device registered from speaks for it. Without this anybody who can send a datagram
    /// into the field network could raise an alarm in another's name.
    private boolean isFromItsDevice(BubbleUp message, Exchange exchange) {
        Optional<Registration> source = devices.at(exchange.getRemoteSocketAddress());
        if (source.isEmpty()) {
            // Told apart from 4.03: the device did nothing wrong, we have not heard of it since our own start.
            refuse(
                    exchange,
                    GatewayEvent.BUBBLE_UP_UNREGISTERED,
                    Answers.of(ResponseCode.UNAUTHORIZED, "register first"));
            return false;
        }
        if (!source.get().mac().equals(message.id().mac())) {
            refuse(exchange, GatewayEvent.BUBBLE_UP_FORGED, Answers.of(ResponseCode.FORBIDDEN, "not your mac"));
            return false;
        }
        return true;
    }

    private void refuse(Exchange exchange, GatewayEvent event, Response response) {
        counters.count(event);
        exchange.sendResponse(response);
    }

    private void publishOnce(BubbleUp message, String topic, Reply reply) {
        CompletableFuture<ReasonCode> outcome = new CompletableFuture<>();
        Mac mac = message.id().mac();
        switch (window.claim(message.id(), outcome)) {
            case RepeatWindow.Claim.Done() -> repeated(reply);
            case RepeatWindow.Claim.UnderWay(CompletionStage<ReasonCode> earlier) -> {
                counters.count(GatewayEvent.BUBBLE_UP_JOINED);
                answerBy(earlier, mac, reply);
            }
            case RepeatWindow.Claim.Fresh() -> {
                publish(message, topic, clock.instant())
                        .handle((reason, fault) -> settle(message, reason, fault, outcome));
                answerBy(outcome, mac, reply);
            }
        }
    }

    private CompletionStage<ReasonCode> publish(BubbleUp message, String topic, Instant received) {
        NotificationId id = message.id();
        List<UserProperty> properties = new ArrayList<>(id.properties());
        properties.add(new UserProperty("received-at", received.toString()));
        Publication publication = new Publication(topic, message.payload(), settings.qos, false, properties);
        try {
            return settings.qos == QoS.AT_MOST_ONCE
                    ? publishAtMostOnce(id, publication)
                    : links.of(id.mac()).publish(publication);
        } catch (RuntimeException fault) {
            // A claim that is never settled would hold its device up for ever.
            return CompletableFuture.failedStage(fault);
        }
    }

    /// The number first: a gateway that dies in between may lose the message, which is allowed, but not send it
    /// twice.
    private CompletionStage<ReasonCode> publishAtMostOnce(NotificationId id, Publication publication) {
        return journal.note(id)
                .thenCompose(_ -> links.of(id.mac()).publish(publication))
                .whenComplete((reason, fault) -> {
                    if (fault != null || reason.isError()) {
                        journal.forget(id);
                    }
                });
    }

    /// Ends in a result, whatever came: a fault that is passed on is wrapped each time, with a stack trace, and
    /// there may be thousands in a second while the broker is busy.
    private boolean settle(
            BubbleUp message,
            @Nullable ReasonCode reason,
            @Nullable Throwable fault,
            CompletableFuture<ReasonCode> outcome) {
        boolean published = reason != null && !reason.isError();
        window.settle(message.id(), published);
        if (reason != null) {
            counters.count(published ? GatewayEvent.BUBBLE_UP_PUBLISHED : GatewayEvent.BUBBLE_UP_REFUSED);
            outcome.complete(reason);
        } else {
            outcome.completeExceptionally(fault == null ? new IllegalStateException("no outcome") : fault);
        }
        return published;
    }

    private void answerBy(CompletionStage<ReasonCode> outcome, Mac mac, Reply reply) {
        outcome.handle(
                (reason, fault) -> reply.answer(reason != null ? acknowledged(mac, reason) : unpublished(mac, fault)));
        // Both do nothing if the answer is out already, which it is at QoS 0 and with a fast broker.
        reply.acknowledgeAfter(settings.promptAck, timer);
        reply.giveUpAfter(settings.patience, timer, () -> {
            counters.count(GatewayEvent.BUBBLE_UP_LATE);
            return retry(mac, RETRY_BROKER_AWAY, "broker is slow");
        });
    }

    private static Response acknowledged(Mac mac, ReasonCode reason) {
        if (!reason.isError()) {
            return Answers.of(ResponseCode.CHANGED);
        }
        return switch (reason) {
            case TOPIC_NAME_INVALID, PAYLOAD_FORMAT_INVALID ->
                Answers.of(ResponseCode.BAD_REQUEST, "broker: " + reason);
            case PACKET_TOO_LARGE -> Answers.of(ResponseCode.REQUEST_ENTITY_TOO_LARGE, "broker: " + reason);
            // Anything else may be mended at the broker, so the device keeps the notification.
            default -> retry(mac, RETRY_REFUSED, "broker: " + reason);
        };
    }

    private Response unpublished(Mac mac, @Nullable Throwable fault) {
        Throwable cause = fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
        if (cause instanceof BrokerUnavailableException unavailable) {
            boolean away = unavailable.why() == BrokerUnavailableException.Cause.AWAY;
            counters.count(away ? GatewayEvent.BUBBLE_UP_BROKER_AWAY : GatewayEvent.BUBBLE_UP_BROKER_BUSY);
            return away
                    ? retry(mac, RETRY_BROKER_AWAY, "broker is away")
                    : retry(mac, RETRY_BROKER_BUSY, "broker is busy");
        }
        LOG.warn("publishing for device {} failed", mac, cause);
        counters.count(GatewayEvent.BUBBLE_UP_BROKER_AWAY);
        return retry(mac, RETRY_BROKER_AWAY, "not published");
    }

    private static Response retry(Mac mac, int seconds, String why) {
        return Answers.unavailable(seconds + Math.floorMod(mac.bits(), (long) seconds), why);
    }
}
