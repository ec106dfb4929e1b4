// SPDX-License-Identifier: Apache-2.0
package org.upwell.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.upwell.codec.DecodeException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.PublishEncoder;
import org.upwell.codec.QoS;

/// A PUBLISH of 64 bytes of payload, read as a server does and written as for a subscriber.
@NullUnmarked // JMH sets the fields.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {
    @Param({"MQTT_3_1_1", "MQTT_5"})
    private MqttVersion version;

    @Param({"0", "1"})
    private int qos;

    private Publish publish;
    private ByteBuf encoded;
    private ByteBuf out;
    private PacketDecoder decoder;

    @Setup
    public void setUp() {
        publish = new Publish(
                "load/tenant/device/42", new byte[64], QoS.of(qos), false, false, qos == 0 ? 0 : 7, Properties.NONE);
        encoded = PooledByteBufAllocator.DEFAULT.directBuffer(256);
        PublishEncoder.encode(encoded, version, publish);
        out = PooledByteBufAllocator.DEFAULT.directBuffer(256);
        decoder = new PacketDecoder(PacketDecoder.Receiver.SERVER, 1 << 20);
        decoder.version(version);
    }

    @TearDown
    public void tearDown() {
        encoded.release();
        out.release();
    }

    @Benchmark
    public Packet decode() throws DecodeException {
        encoded.readerIndex(0);
        return decoder.decode(encoded);
    }

    @Benchmark
    public ByteBuf encode() {
        out.clear();
        PublishEncoder.encode(out, version, publish);
        return out;
    }
}
