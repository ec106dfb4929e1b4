// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.event.DropCounts;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.topic.TopicFilter;

/// What one session loses: counted, told as events, kept by the store, and announced to the session's own view and
/// to operators. A full queue drops with every message, so the store and all views hear of it once a second at
/// most; what changed last is always told. Part of a [Session]; owner's thread.
final class Losses {

    private static final Duration PAUSE = Duration.ofSeconds(1);

    /// A name that is longer cannot be subscribed to by name either.
    private static final int MAX_TOPIC = 4_096;

    private static final byte[] NOTHING = {};
    private static final String HEX = "0123456789ABCDEF";

    private final Session session;
    private final SessionContext context;
    private final Drops drops = new Drops();
    private boolean paused;
    private boolean changedInPause;
    private DropCounts shownToClient = DropCounts.NONE;
    private long shownToOperators;

    Losses(Session session, SessionContext context) {
        this.session = session;
        this.context = context;
    }

    /// Any thread.
    Drops drops() {
        return drops;
    }

    /// A message did not reach the client.
    void lost(int qos, @Nullable String topic, DropCause cause) {
        drops.count(cause);
        context.counters().dropped(session.key().tenant(), cause);
        context.events().on(new BrokerEvent.MessageDropped(session.key(), topic, qos, cause));
        changed();
    }

    /// The client was told of `count` losses.
    void told(long count) {
        drops.told(count);
        changed();
    }

    /// What was to show the client its losses did not reach it.
    void viewMissed() {
        shownToClient = DropCounts.NONE;
        changed();
    }

    /// As the store kept them. Told to nobody yet, as the session is not whole.
    void restore(DropCounts kept) {
        drops.restore(kept);
    }

    private void changed() {
        if (paused) {
            changedInPause = true;
            return;
        }
        paused = true;
        // Not at once: a message may just be on its way out.
        session.owner().execute(() -> session.runAsOwner(this::announce));
        session.owner().schedule(PAUSE, () -> session.runAsOwner(this::pauseOver));
    }

    private void pauseOver() {
        paused = false;
        session.keep();
        if (changedInPause) {
            changedInPause = false;
            changed();
        }
    }

    // ---- Views ---------------------------------------------------------------------------------------------------

    /// Shows what is lost to whoever may see it and does not know.
    void announce() {
        if (session.hasEnded()) {
            return;
        }
        announceToClient();
        long total = drops.total();
        String topic = topicFor(session.key());
        if (total != shownToOperators && topic.length() <= MAX_TOPIC) {
            shownToOperators = total;
            context.announcer().announce(OwnView.count(topic, total), session.owner());
        }
    }

    /// The connection takes messages: it is shown what it was not shown while it was away.
    void online() {
        if (drops.total() != shownToClient.total() && session.watchesItself()) {
            session.owner().execute(() -> session.runAsOwner(this::announceToClient));
        }
    }

    private void announceToClient() {
        DropCounts now = drops.snapshot();
        if (now.total() == shownToClient.total() || session.deliversTo() == null || !session.watchesItself()) {
            return;
        }
        DropCounts before = shownToClient;
        shownToClient = now;
        for (Message message : OwnView.changes(before, now)) {
            session.deliverToSelf(message);
        }
    }

    /// What a new subscription to `filter` gets of the own view at once.
    List<Message> matching(TopicFilter filter) {
        if (!OwnView.mayMatch(filter)) {
            return List.of();
        }
        DropCounts now = drops.snapshot();
        if (filter.matches(OwnView.DROPPED)) {
            shownToClient = now;
        }
        return OwnView.changes(DropCounts.NONE, now).stream()
                .filter(message -> filter.matches(message.topic()))
                .toList();
    }

    /// The session ended: operators do not see it any more.
    void end() {
        if (shownToOperators > 0) {
            context.announcer().announce(OwnView.retained(topicFor(session.key()), NOTHING), session.owner());
        }
    }

    /// Where operators see what a session lost.
    static String topicFor(SessionKey key) {
        StringBuilder topic =
                new StringBuilder("$SYS/clients/").append(key.tenant()).append('/');
        // As in a URL, so that any client id is one level and can be read back (RFC 3986 §2.1).
        for (byte octet : key.clientId().getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xFF);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (plain || "-._~".indexOf(c) >= 0) {
                topic.append(c);
            } else {
                topic.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 0xF));
            }
        }
        return topic.append("/dropped").toString();
    }
}
