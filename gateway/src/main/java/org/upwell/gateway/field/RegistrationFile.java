// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.eclipse.californium.core.network.Endpoint;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.journal.FactFile;
import org.upwell.gateway.journal.FactText;

/// Writes down where devices are, so that a gateway that was started anew reaches them at once and knows whom it
/// has not heard of since. Written with some delay: a device whose last registration is lost registers again. Safe
/// for all threads.
public final class RegistrationFile implements AddressBook.Listener, AutoCloseable {

    private static final byte HERE = 1;
    private static final byte GONE = 2;
    private static final long COMPACT_ABOVE_BYTES = 16 << 20;

    /// What was read, until [#restore].
    private final Map<Mac, Place> left = new HashMap<>();
    private final AddressBook book;
    private final FactFile facts;

    private record Place(InetSocketAddress address, InetAddress local, long boot, Instant since, Instant heard) {}

    private RegistrationFile(Path file, AddressBook book) throws IOException {
        this.book = book;
        this.facts = FactFile.open(file, COMPACT_ABOVE_BYTES, new FactFile.State() {
            @Override
            public void fold(ByteBuffer fact) {
                RegistrationFile.this.fold(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                book.all().forEach(registration -> into.accept(fact(registration)));
            }
        });
    }

    /// Opens `file`, or makes it.
    ///
    /// @throws IOException naming the file
    public static RegistrationFile open(Path file, AddressBook book) throws IOException {
        return new RegistrationFile(file, book);
    }

    /// Enters into the book what an earlier process knew, and follows the book from now on.
    ///
    /// @param endpoints finds the endpoint at an address of this machine
    /// @param grace how long a device that was not heard of while no gateway ran has to register again
    public void restore(Function<InetAddress, Endpoint> endpoints, Instant now, Duration patience, Duration grace) {
        Instant oldest = now.minus(patience).plus(grace);
        left.forEach((mac, place) -> book.restore(new Registration(
                mac,
                place.address,
                endpoints.apply(place.local),
                place.boot,
                place.since,
                place.heard.isBefore(oldest) ? oldest : place.heard)));
        left.clear();
        book.addListener(this);
    }

    @Override
    public void registered(@Nullable Registration previous, Registration current) {
        facts.note(fact(current));
    }

    @Override
    public void departed(Registration last, AddressBook.Departure why) {
        facts.note(ByteBuffer.allocate(9).put(GONE).putLong(last.mac().bits()).array());
    }

    private void fold(ByteBuffer fact) {
        byte kind = fact.get();
        Mac mac = new Mac(fact.getLong());
        switch (kind) {
            case GONE -> left.remove(mac);
            case HERE ->
                left.put(
                        mac,
                        new Place(
                                new InetSocketAddress(FactText.address(fact, fact.get()), fact.getShort() & 0xffff),
                                FactText.address(fact, fact.get()),
                                fact.getLong(),
                                Instant.ofEpochSecond(fact.getLong(), fact.getInt()),
                                Instant.ofEpochMilli(fact.getLong())));
            default -> throw new IllegalArgumentException("kind " + kind + " is not known");
        }
    }

    private static byte[] fact(Registration registration) {
        byte[] address = registration.address().getAddress().getAddress();
        byte[] local = registration.endpoint().getAddress().getAddress().getAddress();
        ByteBuffer fact = ByteBuffer.allocate(1 + 8 + 1 + address.length + 2 + 1 + local.length + 8 + 12 + 8);
        fact.put(HERE).putLong(registration.mac().bits());
        fact.put((byte) address.length).put(address).putShort((short)
                registration.address().getPort());
        fact.put((byte) local.length).put(local).putLong(registration.boot());
        Instant since = registration.since();
        fact.putLong(since.getEpochSecond()).putInt(since.getNano());
        return fact.putLong(registration.heard().toEpochMilli()).array();
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }
}
