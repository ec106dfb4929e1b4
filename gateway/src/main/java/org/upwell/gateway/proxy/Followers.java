// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.observe.ObserveRelation;
import org.eclipse.californium.core.server.resources.ObservableResource;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.proxy.ObserveRelations.Observer;
import org.upwell.gateway.session.Session;

/// The applications that share one observe relation with a device, and their own relations with us. Guarded by the
/// lock of [ObserveRelations]; never speaks to the device, which is for [SharedObservation].
///
/// While the device has not answered the first registration, applications wait; then each gets what is known (the
/// device's answer, later its newest notification) and follows.
final class Followers implements ObservableResource {

    private final ObserveRelations relations;
    private final SharedObservation observation;
    private final List<Observer> waiting = new ArrayList<>(1);
    private final Map<ObserveRelation, Observer> followers = new HashMap<>(2);
    /// Observers that were handed to their exchanges' executors and are not among the followers yet.
    private final List<Observer> joining = new ArrayList<>(1);

    Followers(ObserveRelations relations, SharedObservation observation) {
        this.relations = relations;
        this.observation = observation;
    }

    /// Nobody waits, joins or follows.
    boolean isEmpty() {
        return followers.isEmpty() && waiting.isEmpty() && joining.isEmpty();
    }

    /// Whose session the device's answer is awaited by; null if nobody's.
    @Nullable
    Session firstToWait() {
        return waiting.isEmpty() ? null : waiting.getFirst().session();
    }

    void await(Observer observer) {
        waiting.add(observer);
    }

    /// The device has answered.
    void admitWaiting() {
        waiting.forEach(this::follow);
        waiting.clear();
    }

    /// A notification for everybody who may have it.
    void tell(Body body) {
        endIf(this::refusal);
        followers.forEach((relation, observer) -> send(relation, observer, body));
    }

    private void send(ObserveRelation relation, Observer observer, Body body) {
        Exchange exchange = observer.exchange();
        Response response = firstBlock(observer, body);
        exchange.execute(() -> {
            if (!relation.isCanceled()) {
                relations.counters.count(GatewayEvent.NOTIFICATION_SENT);
                exchange.sendResponse(response);
            }
        });
    }

    private Response firstBlock(Observer observer, Body body) {
        return relations.blocks.first(
                observer.exchange().getRemoteSocketAddress(), observation.resource(), body, observer.block());
    }

    /// Answers a registration, with what is known by then, and makes it a relation. The library sets that up on the
    /// exchange's own executor; what is sent to the follower afterwards queues up behind.
    void follow(Observer observer) {
        joining.add(observer);
        // Not before it is written, if that is possible at all.
        observer.written()
                .whenComplete((_, _) -> observer.exchange().execute(() -> {
                    synchronized (relations) {
                        if (observer.reply().claim()) {
                            Response answer = firstAnswer(observer);
                            Request request = observer.exchange().getRequest();
                            if (request.isConfirmable() && request.isAcknowledged()) {
                                // RFC 7252 §5.2.2; the library would take the type of notifications for it.
                                answer.setType(CoAP.Type.CON);
                            }
                            observer.exchange().sendResponse(answer);
                        } else {
                            // It was told meanwhile that the device does not answer, or has cancelled.
                            relations.over(observer);
                        }
                        joining.remove(observer);
                        observation.closeIfUnused();
                    }
                }));
    }

    private Response firstAnswer(Observer observer) {
        Optional<Response> refusal = refusal(observer);
        if (refusal.isPresent()) {
            relations.over(observer);
            return refusal.get();
        }
        boolean follows = addFollower(observer, GatewayEvent.OBSERVE_STARTED) != null;
        if (follows) {
            relations.answered(observer);
        }
        // Without Observe the client knows that it has no relation.
        Body told = follows ? observation.known() : observation.known().observed(null);
        return firstBlock(observer, told);
    }

    /// @return null if there are as many relations as the listener may have
    private @Nullable ObserveRelation addFollower(Observer observer, GatewayEvent event) {
        ObserveRelation relation = null;
        if (!observation.isClosed()) {
            relations.manager.addObserveRelation(observer.exchange(), this);
            relation = observer.exchange().getRelation();
        }
        if (relation == null) {
            relations.over(observer);
        } else {
            followers.put(relation, observer);
            relations.counters.count(event);
        }
        return relation;
    }

    /// Makes a relation again that an earlier process had. The application is told nothing but the news.
    void resume(Observer observer) {
        joining.add(observer);
        observer.exchange().execute(() -> {
            synchronized (relations) {
                ObserveRelation relation = null;
                Optional<Response> refusal = refusal(observer);
                if (refusal.isEmpty()) {
                    relation = addFollower(observer, GatewayEvent.OBSERVE_RESUMED);
                } else {
                    relations.over(observer);
                }
                if (relation == null) {
                    observer.reply().answer(refusal.orElseGet(() -> Answers.unavailable(0, "observation ended")));
                } else {
                    // Its answer went out long ago.
                    relation.setEstablished();
                    if (observation.hasReading()) {
                        send(relation, observer, observation.known());
                    }
                }
                joining.remove(observer);
                observation.closeIfUnused();
            }
        });
    }

    /// Everybody gets the device's last word, and an error if that was none.
    void end(Response lastWord) {
        Body body;
        try {
            body = Body.of(lastWord);
        } catch (RefusedRequestException refusal) {
            lastWord = Answers.of(refusal.code(), refusal.getMessage());
            body = new Body(refusal.code(), lastWord.getOptions(), lastWord.getPayload(), null);
        }
        Body answer = body;
        for (Observer observer : waiting) {
            relations.over(observer);
            observer.reply().answer(firstBlock(observer, answer));
        }
        waiting.clear();
        // A success without Observe does not end a relation for the library, and would leave the client waiting.
        boolean error = lastWord.isError();
        for (Observer observer : followers.values()) {
            tellEnd(observer, error ? withPayload(answer) : Answers.unavailable(0, "observation ended"));
        }
        followers.clear();
    }

    /// @param error which ends the relation for library and client, and is confirmable
    private void tellEnd(Observer observer, Response error) {
        Exchange exchange = observer.exchange();
        relations.counters.count(GatewayEvent.OBSERVE_ENDED);
        relations.over(observer);
        exchange.execute(() -> exchange.sendResponse(error));
    }

    private static Response withPayload(Body body) {
        Response response = body.head();
        response.setPayload(body.payload());
        return response;
    }

    /// Those who have no relation yet will have none.
    void giveUpWaiting(Response why) {
        for (Observer observer : waiting) {
            relations.over(observer);
            Response answer = Answers.of(why.getCode(), why.getPayloadString());
            if (why.getOptions().hasMaxAge()) {
                answer.getOptions().setMaxAge(why.getOptions().getMaxAge());
            }
            observer.reply().answer(answer);
        }
        waiting.clear();
    }

    /// Whoever registered with the token of `cancellation` and waits for the answer gets none but the one to that.
    void stopWaiting(Exchange cancellation) {
        synchronized (relations) {
            Stream.concat(waiting.stream(), joining.stream())
                    .filter(observer -> !observer.resumed() && observer.hasTokenOf(cancellation))
                    .toList()
                    .forEach(observer -> {
                        observer.reply().withdraw();
                        relations.over(observer);
                        // One that is joining finds that it has no reply to give.
                        waiting.remove(observer);
                    });
            observation.closeIfUnused();
        }
    }

    private Optional<Response> refusal(Observer observer) {
        return relations.refusal(observer, observation.mac());
    }

    /// Ends the relations of those who may not have them any more, and tells them what a GET would be answered now
    /// (RFC 7641 §4.2): a client that heard nothing would wait for ever.
    void endIf(Function<Observer, Optional<Response>> refusal) {
        synchronized (relations) {
            Map<Observer, Response> refused = new HashMap<>();
            followers.values().removeIf(observer -> {
                Optional<Response> lastWord = refusal.apply(observer);
                lastWord.ifPresent(word -> refused.put(observer, word));
                return lastWord.isPresent();
            });
            // Outside our own iteration, because the library calls removeObserveRelation.
            refused.forEach(this::tellEnd);
            if (!refused.isEmpty()) {
                observation.closeIfUnused();
            }
        }
    }

    @Override
    public String getURI() {
        return "/" + String.join("/", observation.resource().target().path());
    }

    /// Non-confirmable, of which the library makes some confirmable to find out who is still there.
    @Override
    public CoAP.Type getObserveType() {
        return CoAP.Type.NON;
    }

    /// Never asked for: every notification carries its number already.
    @Override
    public int getNotificationSequenceNumber() {
        throw new IllegalStateException("notifications are numbered before they are sent");
    }

    @Override
    public boolean isObservable() {
        return true;
    }

    /// Called by the library when the first answer is sent; the follower is known since before.
    @Override
    public void addObserveRelation(ObserveRelation relation) {}

    /// Called by the library when a relation ended: by RST, Observe 1, a confirmable notification that nobody
    /// acknowledged, or by us.
    @Override
    public void removeObserveRelation(ObserveRelation relation) {
        synchronized (relations) {
            Observer observer = followers.remove(relation);
            if (observer != null) {
                relations.over(observer);
                relations.counters.count(GatewayEvent.OBSERVE_ENDED);
                observation.closeIfUnused();
            }
        }
    }

    @Override
    public int getObserverCount() {
        synchronized (relations) {
            return followers.size();
        }
    }
}
