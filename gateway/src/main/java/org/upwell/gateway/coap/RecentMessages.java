// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// Tells repeated messages before they are parsed, and what they were answered with (RFC 7252 §4.5). Safe for all
/// threads.
///
/// The library does the same by keeping each exchange whole, some kilobytes, for four minutes, which is what a
/// gateway of many devices would mostly consist of. Here a message is its ID, a hash of its bytes and the few bytes
/// of its acknowledgement. The hash is there because a repeat is the same byte for byte, while a message ID also
/// comes again when a device starts anew or another has taken its address: such a message is no repeat, and to
/// acknowledge it as one would lose it.
///
/// A confirmable response that has no answer yet is new each time it comes: some the library leaves unanswered,
/// such as a notification that crosses the end of its observation, and the peer would repeat it in vain. Whatever
/// it takes it answers at once, so that none is handled twice but one whose second copy comes while the first waits
/// for its turn; that one nobody waits for any more, or it is no news to its observer.
///
/// Of each peer the newest few are kept, and those for as long as it may repeat them; in a flood from many
/// addresses, for less, so that strangers cannot fill the memory. For that, messages are kept in two generations:
/// when the newer takes half of the room it becomes the older, and what was the older is forgotten.
final class RecentMessages {

    private static final int HEAD_BYTES = 4;
    private static final int TYPE_SHIFT = 4;
    private static final int TYPE_MASK = 3;
    private static final int NON_CONFIRMABLE = 1;
    private static final int ACKNOWLEDGEMENT = 2;
    private static final int CLASS_SHIFT = 5;
    private static final int SUCCESS_CLASS = 2;
    private static final int FNV_OFFSET = 0x811C9DC5;
    private static final int FNV_PRIME = 0x01000193;
    private static final byte[] NOTHING = {};

    /// What a message takes beside its answer, roughly, if it is the only one of its peer.
    static final int MESSAGE_BYTES = 128;

    private final int perPeer;
    private final long maxBytes;
    private final int lifeSeconds;
    private final IntSupplier clock;
    private volatile Generation newer = new Generation();
    private volatile Generation older = new Generation();

    private static final class Generation {

        // Each value is the newest message of a peer, and is changed inside the map's own locks.
        private final Map<Object, Message> peers = new ConcurrentHashMap<>();
        private final AtomicLong bytes = new AtomicLong();

        void sweep(int now, int lifeSeconds) {
            for (Object peer : peers.keySet()) {
                peers.computeIfPresent(peer, (_, newest) -> {
                    if (now - newest.seconds <= lifeSeconds) {
                        return newest;
                    }
                    forgotten(newest);
                    return null;
                });
            }
        }

        void forgotten(@Nullable Message first) {
            for (Message each = first; each != null; each = each.older) {
                bytes.addAndGet(-MESSAGE_BYTES - each.answer.length);
            }
        }
    }

    private static final class Message {

        private final short id;
        private final int hash;
        private final int seconds;
        private byte[] answer = NOTHING;
        private @Nullable Message older;

        Message(short id, int hash, int seconds) {
            this.id = id;
            this.hash = hash;
            this.seconds = seconds;
        }
    }

    /// @param maxBytes what it all may take, roughly
    /// @param life how long a peer may repeat a message: EXCHANGE_LIFETIME (RFC 7252 §4.8.2)
    /// @param clock counts seconds from anywhere
    RecentMessages(int perPeer, long maxBytes, Duration life, IntSupplier clock) {
        this.perPeer = perPeer;
        this.maxBytes = maxBytes;
        this.lifeSeconds = (int) life.toSeconds();
        this.clock = clock;
    }

    /// Enters a message that came in, if peers repeat it when they hear nothing, or networks do.
    ///
    /// @return null for a message that is to be handled; else what it was answered with, nothing if it is not yet
    byte @Nullable [] see(InetSocketAddress peer, byte[] datagram, int length) {
        if (length < HEAD_BYTES || type(datagram) > NON_CONFIRMABLE) {
            return null;
        }
        short id = messageId(datagram);
        int hash = hash(datagram, length);
        Object key = PeerKey.of(peer);
        // In this order: what is newer now may be older the next moment, but never the other way round.
        Generation now = newer;
        Generation before = older;
        byte[][] known = {null};
        now.peers.compute(key, (_, newest) -> {
            Message same = find(newest, id);
            if (same == null) {
                same = find(before, key, id);
            }
            int seconds = clock.getAsInt();
            if (same != null && same.hash == hash && seconds - same.seconds <= lifeSeconds) {
                if (same.answer.length > 0 || !isConfirmableResponse(datagram)) {
                    known[0] = same.answer;
                }
                return newest;
            }
            Message added = new Message(id, hash, seconds);
            added.older = newest;
            now.bytes.addAndGet(MESSAGE_BYTES);
            trim(now, added, seconds);
            return added;
        });
        if (now.bytes.get() > maxBytes / 2) {
            age(now);
        }
        return known[0];
    }

    private synchronized void age(Generation full) {
        if (newer == full) {
            older = full;
            newer = new Generation();
        }
    }

    private static int type(byte[] datagram) {
        return (datagram[0] >> TYPE_SHIFT) & TYPE_MASK;
    }

    private static boolean isConfirmableResponse(byte[] datagram) {
        return type(datagram) == 0 && (datagram[1] & 0xff) >> CLASS_SHIFT >= SUCCESS_CLASS;
    }

    private static short messageId(byte[] datagram) {
        return (short) ((datagram[2] << Byte.SIZE) | (datagram[3] & 0xff));
    }

    private static int hash(byte[] datagram, int length) {
        int hash = FNV_OFFSET;
        for (int i = 0; i < length; i++) {
            hash = (hash ^ datagram[i]) * FNV_PRIME;
        }
        return hash;
    }

    private static @Nullable Message find(@Nullable Message newest, short id) {
        Message each = newest;
        while (each != null && each.id != id) {
            each = each.older;
        }
        return each;
    }

    private static @Nullable Message find(Generation generation, Object peer, short id) {
        @Nullable Message[] found = {null};
        generation.peers.computeIfPresent(peer, (_, newest) -> {
            found[0] = find(newest, id);
            return newest;
        });
        return found[0];
    }

    /// Ends the list behind what may still be repeated. One with the ID of the newest is behind it and never found.
    private void trim(Generation generation, Message newest, int now) {
        Message each = newest;
        for (int kept = 1; each.older != null; kept++) {
            if (kept == perPeer || now - each.older.seconds > lifeSeconds) {
                generation.forgotten(each.older);
                each.older = null;
                return;
            }
            each = each.older;
        }
    }

    /// Remembers an acknowledgement or a reset that goes out, with the message that it answers.
    void answered(InetSocketAddress peer, byte[] datagram) {
        if (datagram.length < HEAD_BYTES || type(datagram) < ACKNOWLEDGEMENT) {
            return;
        }
        Object key = PeerKey.of(peer);
        if (!answered(newer, key, datagram)) {
            boolean _ = answered(older, key, datagram);
        }
    }

    private static boolean answered(Generation generation, Object peer, byte[] datagram) {
        boolean[] done = {false};
        generation.peers.computeIfPresent(peer, (_, newest) -> {
            Message message = find(newest, messageId(datagram));
            if (message != null) {
                generation.bytes.addAndGet((long) datagram.length - message.answer.length);
                message.answer = datagram;
                done[0] = true;
            }
            return newest;
        });
        return done[0];
    }

    /// Forgets peers of which nothing can come again; to be called now and then.
    void sweep() {
        int now = clock.getAsInt();
        newer.sweep(now, lifeSeconds);
        older.sweep(now, lifeSeconds);
    }

    /// Peers of which something is remembered; those of both generations count twice.
    int size() {
        return newer.peers.size() + older.peers.size();
    }
}
