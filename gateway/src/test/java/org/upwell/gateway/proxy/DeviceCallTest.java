// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Endpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;

/// A call and its device's moves, in orders that the test chooses.
class DeviceCallTest {

    private static final Mac FIRST = Mac.parse("001350050047dd92");
    private static final Mac MOVING = Mac.parse("001350050047dd93");
    private static final Mac LAST = Mac.parse("001350050047dd94");

    /// Keeps tasks until they are run, but for those that another thread would run just now.
    private static final class Tasks extends ScheduledThreadPoolExecutor {

        private final Queue<Runnable> kept = new ArrayDeque<>();
        private boolean atOnce;

        Tasks() {
            super(1);
        }

        @Override
        public void execute(Runnable task) {
            kept.add(task);
            if (atOnce) {
                atOnce = false;
                runAll();
            }
        }

        void runAll() {
            for (Runnable task = kept.poll(); task != null; task = kept.poll()) {
                task.run();
            }
        }
    }

    private final Tasks turnTasks = new Tasks();
    private final Tasks moveTasks = new Tasks();
    private final List<Request> sent = new ArrayList<>();
    private final Endpoint endpoint = (Endpoint) Proxy.newProxyInstance(
            Endpoint.class.getClassLoader(), new Class<?>[] {Endpoint.class}, (_, method, arguments) -> {
                if (method.getName().equals("sendRequest")) {
                    sent.add((Request) arguments[0]);
                }
                return null;
            });
    private final AddressBook devices = new AddressBook(10, Duration.ofHours(1));
    private final SendTurns turns =
            new SendTurns(new ForwardProxy.Limits(1, 1, 10, 10, 0), turnTasks, Duration.ofMinutes(1));
    private final DeviceCalls calls = new DeviceCalls(devices, turns, new GatewayCounters(), moveTasks);
    private final List<String> outcomes = new ArrayList<>();

    @AfterEach
    void stop() {
        turnTasks.shutdownNow();
        moveTasks.shutdownNow();
    }

    private void at(Mac mac, String address, int port) throws Exception {
        devices.register(mac, new InetSocketAddress(address, port), endpoint, 1, Instant.EPOCH);
    }

    private DeviceCall get(Mac mac) {
        OptionSet options = new OptionSet();
        options.addUriPath("temp");
        return calls.start(new DeviceCall.Order(mac, Code.GET, options, new byte[0]), null, new DeviceCall.Outcome() {
            @Override
            public void answered(Request request, Registration device, Response response) {
                outcomes.add("answered");
            }

            @Override
            public void unreachable() {
                outcomes.add("unreachable");
            }

            @Override
            public void busy() {
                outcomes.add("busy");
            }
        });
    }

    /// The turn comes for where the device was; while it is given back, it is told that the device moved.
    @Test
    void callThatIsToldTwiceOfAMoveHasOneTurn() throws Exception {
        at(FIRST, "127.0.0.1", 1);
        at(MOVING, "127.0.0.1", 2);
        at(LAST, "127.0.0.1", 3);
        DeviceCall first = get(FIRST);
        get(MOVING);
        DeviceCall last = get(LAST);
        assertThat(sent).hasSize(1);

        first.cancel();
        at(MOVING, "127.0.0.2", 2);
        // What the move brings runs in the middle of what the turn brings: when the turn is passed on.
        Runnable turnComes = turnTasks.kept.remove();
        turnTasks.kept.add(moveTasks::runAll);
        turnTasks.atOnce = true;
        turnComes.run();
        turnTasks.runAll();
        assertThat(sent).hasSize(3);

        assertThat(outcomes).isEmpty();
        sent.stream()
                .filter(request -> request.getDestinationContext()
                        .getPeerAddress()
                        .getHostString()
                        .equals("127.0.0.2"))
                .findFirst()
                .orElseThrow()
                .setResponse(new Response(ResponseCode.CONTENT));
        assertThat(outcomes).containsExactly("answered");
        last.cancel();
        get(MOVING);
        assertThat(sent).as("no turn is left over").hasSize(4);
    }

    /// The other way round: the move is told in full before the turn comes.
    @Test
    void turnThatComesAfterTheMoveIsNotTaken() throws Exception {
        at(FIRST, "127.0.0.1", 1);
        at(MOVING, "127.0.0.1", 2);
        DeviceCall first = get(FIRST);
        DeviceCall moving = get(MOVING);
        first.cancel();
        at(MOVING, "127.0.0.2", 2);
        moveTasks.runAll();
        assertThat(sent).hasSize(2);
        turnTasks.runAll();
        assertThat(sent).hasSize(2);

        moving.cancel();
        get(MOVING);
        assertThat(sent).as("no turn is left over").hasSize(3);
    }
}
