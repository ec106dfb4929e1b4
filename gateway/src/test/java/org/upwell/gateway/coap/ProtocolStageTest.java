// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ProtocolStageTest {

    private final ProtocolStage stage = new ProtocolStage("stage-");

    @AfterEach
    void stop() {
        stage.shutdownNow();
    }

    @Test
    void tasksRunOnOneThreadEachSubmittersInItsOrder() throws Exception {
        int each = 20_000;
        Set<Thread> ranOn = ConcurrentHashMap.newKeySet();
        List<List<Integer>> seen = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        CountDownLatch done = new CountDownLatch(seen.size() * each);
        List<Thread> submitters = new ArrayList<>();
        for (List<Integer> own : seen) {
            submitters.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < each; i++) {
                    int number = i;
                    stage.execute(() -> {
                        ranOn.add(Thread.currentThread());
                        own.add(number);
                        done.countDown();
                    });
                }
            }));
        }
        for (Thread submitter : submitters) {
            submitter.join();
        }
        done.await();
        assertThat(ranOn).hasSize(1);
        assertThat(seen).allSatisfy(own -> assertThat(own).hasSize(each).isSorted());
        assertThat(stage.backlog()).isZero();
    }

    @Test
    void timersAreNotHeldUpByTasksThatNeverEnd() throws Exception {
        CountDownLatch fired = new CountDownLatch(1);
        stage.execute(new Runnable() {
            @Override
            public void run() {
                if (fired.getCount() > 0) {
                    stage.execute(this);
                }
            }
        });
        Future<?> timer = stage.schedule(fired::countDown, 10, TimeUnit.MILLISECONDS);
        timer.get();
        assertThat(fired.getCount()).isZero();
    }

    @Test
    void aTaskThatFailsStopsNoOther() throws Exception {
        CountDownLatch ran = new CountDownLatch(1);
        stage.execute(() -> {
            throw new IllegalStateException("of the test");
        });
        stage.execute(ran::countDown);
        ran.await();
    }

    @Test
    void whatWaitsForTheThreadIsCountedAndWhatWaitsForItsTimeIsNot() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch running = new CountDownLatch(1);
        stage.execute(() -> {
            running.countDown();
            await(go);
        });
        running.await();
        stage.execute(() -> {});
        stage.execute(() -> {});
        for (int i = 0; i < 100; i++) {
            Future<?> _ = stage.schedule(() -> {}, 1, TimeUnit.HOURS);
        }
        assertThat(stage.backlog()).isEqualTo(2);
        go.countDown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void afterItsEndNothingIsTaken() {
        stage.shutdown();
        assertThatThrownBy(() -> stage.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }
}
