// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;

/// Answers of devices that may serve again (RFC 7252 §5.6), bounded in bytes; the one not used for longest goes
/// first.
///
/// Only a 2.05 to a GET that says itself how long it holds, by Max-Age, or by which ETag it is known is kept. The
/// RFC would let one that says neither serve for a minute; but sensors say neither, and who reads a sensor or asks
/// whether a device is there wants to hear from it. An answer is kept for the tenant who got it. All of a device's
/// are forgotten when it comes from elsewhere, starts anew, is gone, changes hands or is sent anything that may
/// change its state; also those then under way. Safe for all threads.
final class AnswerCache implements AddressBook.Listener {

    /// @param resource without ETag, which does not tell answers apart
    record Key(String tenant, ResourceKey resource) {

        private Mac mac() {
            return resource.target().mac();
        }
    }

    private record Kept(Body body, long atNanos, long bytes) {}

    /// What an entry takes beside its payload, roughly.
    private static final int ENTRY_BYTES = 512;

    private static final int STAMPS = 1 << 12;

    private final long maxBytes;
    private final LongSupplier nanoClock;
    private final Map<Key, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Mac, Set<Key>> byDevice = new HashMap<>();
    /// Counts what made answers void, of many devices together: a call whose stamp is not the same any more is not
    /// kept.
    private final long[] stamps = new long[STAMPS];

    private long bytes;

    /// @param maxBytes 0 keeps nothing
    AnswerCache(long maxBytes, LongSupplier nanoClock) {
        this.maxBytes = maxBytes;
        this.nanoClock = nanoClock;
    }

    /// Whether the outcome of such a request may be kept or served.
    static boolean isSafe(Code method) {
        return method == Code.GET || method == Code.FETCH;
    }

    /// An answer that still holds, as old as it is.
    synchronized Optional<Body> fresh(Key key) {
        Kept found = kept.get(key);
        if (found == null || !found.body.options().hasMaxAge()) {
            return Optional.empty();
        }
        Duration age = Duration.ofNanos(nanoClock.getAsLong() - found.atNanos);
        return age.compareTo(found.body.maxAge()) < 0 ? Optional.of(found.body.aged(age)) : Optional.empty();
    }

    /// What the device may say by its ETag that it holds again.
    synchronized Optional<Body> tagged(Key key) {
        return Optional.ofNullable(kept.get(key)).map(Kept::body).filter(body -> etag(body.options()) != null);
    }

    static byte @Nullable [] etag(OptionSet options) {
        List<byte[]> all = options.getETags();
        return all.isEmpty() ? null : all.getFirst();
    }

    /// To be read before the device is asked, and given back to [#keep].
    synchronized long stamp(Mac mac) {
        return stamps[slot(mac)];
    }

    synchronized void keep(Key key, Body body, long stamp) {
        OptionSet options = body.options();
        boolean says = options.hasMaxAge() ? options.getMaxAge() > 0 || etag(options) != null : etag(options) != null;
        long size = (long) body.payload().length + ENTRY_BYTES;
        if (body.code() != ResponseCode.CONTENT || stamps[slot(key.mac())] != stamp || size > maxBytes) {
            return;
        }
        remove(key);
        if (!says) {
            return;
        }
        kept.put(key, new Kept(body, nanoClock.getAsLong(), size));
        byDevice.computeIfAbsent(key.mac(), _ -> new HashSet<>(2)).add(key);
        bytes += size;
        while (bytes > maxBytes) {
            remove(kept.keySet().iterator().next());
        }
    }

    /// Keeps what the device was asked for by its ETag, if it says by 2.03 that it holds again.
    ///
    /// @param tagged what [#tagged] gave, which need not be here any more
    /// @return the whole answer, with the options of this one (RFC 7252 §5.9.1.3); empty if it is about another
    Optional<Body> validated(Key key, Body tagged, Body valid, long stamp) {
        if (!Arrays.equals(etag(valid.options()), etag(tagged.options()))) {
            return Optional.empty();
        }
        OptionSet options = new OptionSet(tagged.options());
        options.removeMaxAge();
        if (valid.options().hasMaxAge()) {
            options.setMaxAge(valid.options().getMaxAge());
        }
        Body again = new Body(tagged.code(), options, tagged.payload(), null);
        keep(key, again, stamp);
        return Optional.of(again);
    }

    /// Nothing that the device said until now, or is saying, is served again.
    synchronized void forget(Mac mac) {
        stamps[slot(mac)]++;
        Set<Key> ofDevice = byDevice.get(mac);
        if (ofDevice != null) {
            List.copyOf(ofDevice).forEach(this::remove);
        }
    }

    /// The device told its observers something newer of a resource. What it is saying just now may be older; not to
    /// keep that of its other resources costs no more than asking once more.
    synchronized void outdated(ProxyTarget target) {
        stamps[slot(target.mac())]++;
        Set<Key> ofDevice = byDevice.get(target.mac());
        if (ofDevice != null) {
            List.copyOf(ofDevice).stream()
                    .filter(key -> key.resource.target().equals(target))
                    .forEach(this::remove);
        }
    }

    private void remove(Key key) {
        Kept former = kept.remove(key);
        if (former != null) {
            bytes -= former.bytes;
            byDevice.computeIfPresent(key.mac(), (_, keys) -> {
                keys.remove(key);
                return keys.isEmpty() ? null : keys;
            });
        }
    }

    private static int slot(Mac mac) {
        return mac.hashCode() & (STAMPS - 1);
    }

    @Override
    public void registered(@Nullable Registration previous, Registration current) {
        boolean same =
                previous != null && previous.address().equals(current.address()) && previous.boot() == current.boot();
        if (!same) {
            forget(current.mac());
        }
    }

    @Override
    public void departed(Registration last, AddressBook.Departure why) {
        forget(last.mac());
    }
}
