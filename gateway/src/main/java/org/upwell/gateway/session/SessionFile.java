// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.session;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.upwell.access.TenantId;
import org.upwell.broker.access.Principal;
import org.upwell.gateway.dtls.SessionAddresses;
import org.upwell.gateway.journal.FactFields;
import org.upwell.gateway.journal.FactFile;

/// Writes down the sessions that were opened with a token, so that an application need not log in again because the
/// gateway was started anew. A session whose principal can only be told by its password is not kept: nothing of a
/// password is written here, so nobody could tell whether it is still the same. Safe for all threads.
public final class SessionFile implements AutoCloseable {

    private static final byte OPEN = 1;
    private static final byte OVER = 2;
    private static final byte NOTHING = 3;
    private static final long COMPACT_ABOVE_BYTES = 1 << 20;
    private static final long NO_TIME = Long.MIN_VALUE;

    private final Map<InetSocketAddress, Kept> kept = new ConcurrentHashMap<>();
    private final FactFile facts;

    /// @param session null for one of an earlier process, until [#restore]
    private record Kept(@Nullable Session session, Principal principal, Instant expiresAt) {}

    private SessionFile(Path file) throws IOException {
        this.facts = FactFile.open(file, COMPACT_ABOVE_BYTES, new FactFile.State() {
            @Override
            public void fold(ByteBuffer fact) {
                SessionFile.this.fold(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                kept.forEach((client, session) -> into.accept(openFact(client, session)));
            }
        });
    }

    /// Opens `file`, or makes it.
    ///
    /// @throws IOException naming the file
    public static SessionFile open(Path file) throws IOException {
        return new SessionFile(file);
    }

    /// Opens the sessions of an earlier process again, but those whose time is over or whose principal is not
    /// admitted any more, and follows `sessions` from now on.
    ///
    /// @param readmit gives the principal as it is now, or empty
    public void restore(Sessions sessions, Function<Principal, Optional<Principal>> readmit) {
        sessions.onEnd(this::forget);
        Map.copyOf(kept).forEach((client, left) -> {
            Optional<Session> session = readmit.apply(left.principal)
                    .flatMap(principal -> sessions.restore(new Session(principal, client, left.expiresAt)));
            if (session.isPresent()) {
                kept.put(client, new Kept(session.get(), left.principal, left.expiresAt));
            } else {
                over(client);
            }
        });
    }

    /// Writes a session down, if it is one that may outlive the process.
    synchronized void keep(Session session, Sessions sessions) {
        Principal principal = session.principal();
        if (principal.credential() != null
                || principal.tenant().equals(TenantId.INTERNAL)
                || SessionAddresses.isOne(session.client())) {
            return;
        }
        Kept entry = new Kept(session, principal, session.expiresAt());
        kept.put(session.client(), entry);
        facts.note(openFact(session.client(), entry));
        if (!sessions.isOpen(session)) {
            // It ended before it was here to be forgotten.
            forget(session);
        }
    }

    private synchronized void forget(Session session) {
        Kept entry = kept.get(session.client());
        if (entry != null && entry.session == session) {
            over(session.client());
        }
    }

    private synchronized void over(InetSocketAddress client) {
        kept.remove(client);
        facts.note(new FactFields(OVER).endpoint(client).fact());
    }

    /// Completes when everything that was told until now is written; exceptionally if nothing can be.
    CompletionStage<@Nullable Void> written() {
        return facts.append(new FactFields(NOTHING).fact(), FactFile.Keeping.WRITTEN);
    }

    private void fold(ByteBuffer fact) {
        byte kind = fact.get();
        switch (kind) {
            case OPEN -> {
                InetSocketAddress client = FactFields.endpoint(fact);
                Instant expiresAt = Instant.ofEpochMilli(fact.getLong());
                kept.put(client, new Kept(null, principal(fact), expiresAt));
            }
            case OVER -> kept.remove(FactFields.endpoint(fact));
            case NOTHING -> {
                // Only marked a place in the file.
            }
            default -> throw new IllegalArgumentException("kind " + kind + " is not known");
        }
    }

    private static Principal principal(ByteBuffer fact) {
        String tenant = FactFields.text(fact);
        String name = FactFields.text(fact);
        Instant issuedAt = time(fact);
        Instant expiresAt = time(fact);
        Set<String> roles = new TreeSet<>();
        for (long count = fact.getLong(); count > 0; count--) {
            roles.add(FactFields.text(fact));
        }
        return new Principal(tenant, name, roles, issuedAt, expiresAt);
    }

    private static @Nullable Instant time(ByteBuffer fact) {
        long millis = fact.getLong();
        return millis == NO_TIME ? null : Instant.ofEpochMilli(millis);
    }

    private static byte[] openFact(InetSocketAddress client, Kept session) {
        Principal principal = session.principal;
        FactFields fact = new FactFields(OPEN)
                .endpoint(client)
                .number(session.expiresAt.toEpochMilli())
                .text(principal.tenant())
                .text(principal.name())
                .number(millis(principal.issuedAt()))
                .number(millis(principal.expiresAt()))
                .number(principal.roles().size());
        principal.roles().forEach(fact::text);
        return fact.fact();
    }

    private static long millis(@Nullable Instant time) {
        return time == null ? NO_TIME : time.toEpochMilli();
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }
}
