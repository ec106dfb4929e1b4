// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.serialization.UdpDataSerializer;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.dtls.SessionAddresses;
import org.upwell.gateway.journal.FactFields;
import org.upwell.gateway.journal.FactFile;

/// Writes down the observe relations of applications, so that they go on when the gateway is started anew.
///
/// Of each relation it keeps the datagram that asked for it, as a non-confirmable one. Received once more it makes
/// the same relation, and whatever it is answered with comes to the application as a notification on the token that
/// it knows: neither side needs a second way to make a relation. Numbers of notifications go on above all that were
/// used (RFC 7641 §3.4). Whether the application had its first answer is written too: if not, it still waits for
/// one. Only for plain UDP, since there is nobody to speak to on a DTLS connection of an earlier process. Safe for
/// all threads.
public final class RelationFile implements AutoCloseable {

    /// Takes a datagram as if it had just come in at one of our addresses.
    public interface Receiver {
        void receive(InetAddress local, InetSocketAddress client, byte[] datagram);
    }

    /// A relation that was answered; in files that have no [#ASKED], one that may not have been.
    private static final byte HERE = 1;

    private static final byte OVER = 2;
    private static final byte NUMBER = 3;
    private static final byte ASKED = 4;
    private static final byte ANSWERED = 5;
    private static final long COMPACT_ABOVE_BYTES = 16 << 20;
    private static final int TYPE_MASK = 0x30;
    private static final int MID_OFFSET = 2;

    private final Map<Key, Kept> kept = new ConcurrentHashMap<>();
    private final FactFile facts;
    /// Numbers below it may have been used; negative if none was.
    private volatile int reserved = -1;

    private record Key(InetSocketAddress client, Token token) {

        static Key of(Exchange exchange) {
            return new Key(
                    exchange.getRemoteSocketAddress(), exchange.getRequest().getToken());
        }
    }

    /// @param exchange null for one of an earlier process until it is resumed
    private record Kept(@Nullable Exchange exchange, InetAddress local, byte[] datagram, boolean answered) {

        Kept asAnswered() {
            return new Kept(exchange, local, datagram, true);
        }

        int mid() {
            return ByteBuffer.wrap(datagram).getShort(MID_OFFSET) & 0xffff;
        }
    }

    private RelationFile(Path file) throws IOException {
        this.facts = FactFile.open(file, COMPACT_ABOVE_BYTES, new FactFile.State() {
            @Override
            public void fold(ByteBuffer fact) {
                RelationFile.this.fold(fact);
            }

            @Override
            public void snapshot(Consumer<byte[]> into) {
                kept.forEach((key, relation) -> into.accept(relationFact(key, relation)));
                if (reserved >= 0) {
                    into.accept(numberFact(reserved));
                }
            }
        });
    }

    /// Opens `file`, or makes it.
    ///
    /// @throws IOException naming the file
    public static RelationFile open(Path file) throws IOException {
        return new RelationFile(file);
    }

    /// Asks once more for the relations of an earlier process.
    public void resume(Receiver receiver) {
        kept.forEach((key, relation) -> {
            if (relation.exchange == null) {
                receiver.receive(relation.local, key.client, relation.datagram);
            }
        });
    }

    /// Whether the request is one that [#resume] brought, and was answered before.
    boolean isResumed(Exchange exchange) {
        Kept relation = kept.get(Key.of(exchange));
        return relation != null && relation.answered && isLeft(relation, exchange);
    }

    private static boolean isLeft(Kept relation, Exchange exchange) {
        return relation.exchange == null
                && relation.mid() == exchange.getRequest().getMID();
    }

    /// A relation was asked for; it may still be refused. It takes the place of any other on the same token.
    ///
    /// @return completes when that is written
    synchronized CompletionStage<@Nullable Void> asked(Exchange exchange) {
        Request request = exchange.getRequest();
        if (SessionAddresses.isOne(exchange.getRemoteSocketAddress())) {
            return CompletableFuture.completedStage(null);
        }
        Key key = Key.of(exchange);
        byte[] received = request.getBytes();
        byte[] datagram = received == null ? new UdpDataSerializer().getByteArray(request) : received.clone();
        datagram[0] = (byte) ((datagram[0] & ~TYPE_MASK) | (CoAP.Type.NON.value << 4));
        InetAddress local = exchange.getEndpoint().getAddress().getAddress();
        Kept relation = new Kept(exchange, local, datagram, isResumed(exchange));
        kept.put(key, relation);
        return facts.append(relationFact(key, relation), FactFile.Keeping.WRITTEN);
    }

    /// The first answer is on its way. If this is lost, the application is given another, which does no harm.
    synchronized void answered(Exchange exchange) {
        Key key = Key.of(exchange);
        Kept relation = kept.get(key);
        if (relation != null && exchange.equals(relation.exchange) && !relation.answered) {
            kept.put(key, relation.asAnswered());
            facts.note(keyFact(ANSWERED, key));
        }
    }

    /// The relation was refused or has ended.
    synchronized void over(Exchange exchange) {
        Key key = Key.of(exchange);
        Kept relation = kept.get(key);
        if (relation != null
                && (exchange.equals(relation.exchange) || isLeft(relation, exchange))
                && kept.remove(key, relation)) {
            facts.note(keyFact(OVER, key));
        }
    }

    /// Where the numbers of notifications go on.
    int firstNumber(int ifNoneWasUsed) {
        return reserved < 0 ? ifNoneWasUsed : reserved;
    }

    /// Numbers up to `number` may be used from now on.
    void reserveNumbers(int number) {
        reserved = number;
        facts.note(numberFact(number));
    }

    private void fold(ByteBuffer fact) {
        byte kind = fact.get();
        switch (kind) {
            case HERE, ASKED -> {
                Key key = key(fact);
                InetAddress local = FactFields.address(fact);
                kept.put(key, new Kept(null, local, FactFields.bytes(fact), kind == HERE));
            }
            case ANSWERED -> kept.computeIfPresent(key(fact), (_, relation) -> relation.asAnswered());
            case OVER -> kept.remove(key(fact));
            case NUMBER -> reserved = (int) fact.getLong();
            default -> throw new IllegalArgumentException("kind " + kind + " is not known");
        }
    }

    private static Key key(ByteBuffer fact) {
        return new Key(FactFields.endpoint(fact), new Token(FactFields.bytes(fact)));
    }

    private static byte[] keyFact(byte kind, Key key) {
        return new FactFields(kind)
                .endpoint(key.client)
                .bytes(key.token.getBytes())
                .fact();
    }

    private static byte[] relationFact(Key key, Kept relation) {
        return new FactFields(relation.answered ? HERE : ASKED)
                .endpoint(key.client)
                .bytes(key.token.getBytes())
                .address(relation.local)
                .bytes(relation.datagram)
                .fact();
    }

    private static byte[] numberFact(int number) {
        return new FactFields(NUMBER).number(number).fact();
    }

    @Override
    public void close() throws IOException {
        facts.close();
    }
}
