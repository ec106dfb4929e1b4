// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.testing.FakeLoop;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.testing.ThreadLoop;

class OwnerTest {

    private final FakeLoops loops = new FakeLoops(3);
    private final FakeLoop here = loops.get(0);
    private final FakeLoop there = loops.get(1);
    private final Owner sender = new Owner("sender", here);
    private final Owner target = new Owner("target", there);
    private final List<String> log = new ArrayList<>();

    /// Mail that counts what is taken.
    private final class Mail implements Owner.Ready {
        private final String name;
        private int waiting;

        private Mail(String name) {
            this.name = name;
        }

        private void put(Owner to) {
            if (waiting++ == 0) {
                to.listReady(this);
            }
            sender.handedOver(to, 1);
        }

        private void put(Owner to, int count) {
            for (int i = 0; i < count; i++) {
                put(to);
            }
        }

        @Override
        public int drainMailbox() {
            log.add(name + " " + waiting);
            int taken = waiting;
            waiting = 0;
            return taken;
        }
    }

    @Test
    void aBatchWakesAnotherLoopOnceHoweverMuchItHolds() {
        Mail a = new Mail("a");
        Mail b = new Mail("b");
        here.run(() -> {
            a.put(target, 5);
            b.put(target, 3);
        });
        assertThat(there.wakeUps()).as("nothing before the batch ends").isZero();
        loops.settle();
        assertThat(there.wakeUps()).isEqualTo(1);
        assertThat(log).containsExactly("a 5", "b 3");
    }

    @Test
    void eachLoopThatGotSomethingIsWokenOnce() {
        Owner third = new Owner("third", loops.get(2));
        Mail a = new Mail("a");
        Mail b = new Mail("b");
        here.run(() -> {
            a.put(target, 2);
            b.put(third, 2);
            a.put(target, 2);
        });
        loops.settle();
        assertThat(there.wakeUps()).isEqualTo(1);
        assertThat(loops.get(2).wakeUps()).isEqualTo(1);
        here.run(() -> b.put(third));
        loops.settle();
        assertThat(there.wakeUps()).as("got nothing this time").isEqualTo(1);
        assertThat(loops.get(2).wakeUps()).isEqualTo(2);
    }

    @Test
    void aLoopThatIsAboutToDrainIsNotWokenAgain() {
        Mail a = new Mail("a");
        here.run(() -> a.put(target));
        here.runNext();
        here.run(() -> a.put(target));
        here.runNext();
        assertThat(there.wakeUps()).isEqualTo(1);
        loops.settle();
        assertThat(log).containsExactly("a 2");
        here.run(() -> a.put(target));
        loops.settle();
        assertThat(there.wakeUps()).isEqualTo(2);
        assertThat(log).containsExactly("a 2", "a 1");
    }

    @Test
    void batchEndsRunOnceAfterTheTasksBeforeThem() {
        here.run(() -> {
            sender.atEndOfBatch(() -> log.add("end 1"));
            sender.atEndOfBatch(() -> log.add("end 2"));
            log.add("work");
        });
        loops.settle();
        here.run(() -> sender.atEndOfBatch(() -> log.add("end 3")));
        loops.settle();
        assertThat(log).containsExactly("work", "end 1", "end 2", "end 3");
        assertThat(here.wakeUps()).as("given from the loop itself").isZero();
    }

    @Test
    void whatABatchEndAddsBelongsToTheSameBatch() {
        Mail a = new Mail("a");
        here.run(() -> sender.atEndOfBatch(() -> {
            log.add("outer");
            a.put(target);
            sender.atEndOfBatch(() -> log.add("inner"));
        }));
        here.runNext();
        assertThat(log).containsExactly("outer", "inner");
        assertThat(there.wakeUps()).isEqualTo(1);
        loops.settle();
        assertThat(log).containsExactly("outer", "inner", "a 1");
    }

    @Test
    void aFailingBatchEndKeepsNobodyElseFromRunning() {
        Mail a = new Mail("a");
        here.run(() -> {
            sender.atEndOfBatch(() -> {
                log.add("bad");
                throw new IllegalStateException("on purpose");
            });
            sender.atEndOfBatch(() -> log.add("good"));
            a.put(target);
        });
        loops.settle();
        here.run(() -> sender.atEndOfBatch(() -> log.add("next")));
        loops.settle();
        assertThat(log).containsExactly("bad", "good", "a 1", "next");
    }

    @Test
    void aFailingMailboxKeepsNoOtherFromBeingDrained() {
        Mail a = new Mail("a");
        here.run(() -> {
            target.listReady(() -> {
                throw new IllegalStateException("on purpose");
            });
            a.put(target);
        });
        loops.settle();
        assertThat(log).containsExactly("a 1");
    }

    @Test
    void senderWaitsAboveHighAndGoesOnAtLow() {
        Mail a = new Mail("a");
        AtomicInteger resumed = new AtomicInteger();
        here.run(() -> {
            a.put(target, Owner.HIGH);
            assertThat(sender.mustWait(resumed::incrementAndGet)).isFalse();
        });
        here.runNext();
        here.run(() -> {
            assertThat(sender.mustWait(resumed::incrementAndGet)).as("at HIGH").isFalse();
            a.put(target);
            assertThat(sender.mustWait(resumed::incrementAndGet)).as("above").isTrue();
        });
        assertThat(resumed).hasValue(0);
        loops.settle();
        assertThat(resumed).hasValue(1);
        here.run(() -> assertThat(sender.mustWait(resumed::incrementAndGet)).isFalse());
        assertThat(resumed).hasValue(1);
    }

    @Test
    void oneLargeBatchForAnIdleOwnerMustWaitToo() {
        Mail a = new Mail("a");
        AtomicInteger resumed = new AtomicInteger();
        here.run(() -> {
            a.put(target, Owner.HIGH + 1);
            assertThat(sender.mustWait(resumed::incrementAndGet)).isTrue();
        });
        assertThat(resumed).as("not before there is room").hasValue(0);
        loops.settle();
        assertThat(resumed).hasValue(1);
    }

    @Test
    void aFewLargeMessagesCountAsManySmallOnes() {
        int megabyte = Owner.countOf(1 << 20);
        assertThat(Owner.countOf(0)).isEqualTo(1);
        assertThat(Owner.countOf(256)).isEqualTo(1);
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger resumed = new AtomicInteger();
        here.run(() -> {
            target.listReady(() -> taken.getAndSet(0));
            // Never more than 32 MiB of them.
            for (int i = 0; i < 31; i++) {
                taken.addAndGet(megabyte);
                sender.handedOver(target, megabyte);
            }
            assertThat(sender.mustWait(resumed::incrementAndGet)).isFalse();
            taken.addAndGet(megabyte);
            sender.handedOver(target, megabyte);
            assertThat(sender.mustWait(resumed::incrementAndGet)).isTrue();
        });
        assertThat(resumed).hasValue(0);
        loops.settle();
        assertThat(resumed).hasValue(1);
    }

    @Test
    void aLargeMessageForVeryManySessionsIsNotTakenForRoom() {
        int most = Owner.countOf(Integer.MAX_VALUE);
        AtomicInteger resumed = new AtomicInteger();
        here.run(() -> {
            for (long count = 0; count <= Integer.MAX_VALUE; count += most) {
                sender.handedOver(target, most);
            }
            assertThat(sender.mustWait(resumed::incrementAndGet)).isTrue();
        });
        loops.settle();
        assertThat(resumed).as("nothing was taken").hasValue(0);
    }

    @Test
    void waitersGoOnOnlyWhenTheCountIsLow() {
        Mail a = new Mail("a");
        Mail keeps = new Mail("keeps");
        AtomicInteger resumed = new AtomicInteger();
        here.run(() -> {
            keeps.put(target, Owner.LOW + 1);
            a.put(target, Owner.HIGH - Owner.LOW);
            assertThat(sender.mustWait(resumed::incrementAndGet)).isTrue();
        });
        int held = keeps.waiting;
        keeps.waiting = 0;
        loops.settle();
        assertThat(resumed).as("%d are still out", held).hasValue(0);
        there.run(() -> {
            keeps.waiting = 1;
            target.listReady(keeps);
            target.wake();
        });
        loops.settle();
        assertThat(resumed).as("exactly LOW are still out").hasValue(1);
    }

    @Test
    void mailTakenElsewhereIsRoomToo() {
        Mail a = new Mail("a");
        AtomicInteger resumed = new AtomicInteger();
        here.run(() -> {
            a.put(target, Owner.HIGH + 1);
            assertThat(sender.mustWait(resumed::incrementAndGet)).isTrue();
        });
        for (int i = 0; i < Owner.HIGH - Owner.LOW; i++) {
            target.takenElsewhere(1);
        }
        assertThat(resumed).hasValue(0);
        target.takenElsewhere(1);
        assertThat(resumed).hasValue(1);
    }

    /// A drain may end between the sender's check and its entry in the list; then no later drain would admit it.
    /// Here the target is as fast as can be: it drains while the sender still wakes it.
    @Test
    void aWaiterIsAdmittedThoughTheDrainCameFirst() {
        Owner fast = new Owner("fast", new Loop() {
            @Override
            public boolean isCurrentThread() {
                return true;
            }

            @Override
            public void execute(Runnable task) {
                task.run();
            }

            @Override
            public Cancellation schedule(Duration delay, Runnable task) {
                throw new AssertionError("nothing is scheduled here");
            }
        });
        Mail a = new Mail("a");
        AtomicInteger resumed = new AtomicInteger();
        here.run(() -> {
            a.put(fast, Owner.HIGH + 1);
            assertThat(sender.mustWait(resumed::incrementAndGet)).isTrue();
        });
        assertThat(resumed).hasValue(1);
        loops.settle();
        assertThat(resumed).as("once").hasValue(1);
    }

    /// Sender and target on real threads: whatever the interleaving, a sender that waits goes on.
    @Test
    @Timeout(30)
    void aSenderThatWaitsAlwaysGoesOn() throws InterruptedException {
        try (ThreadLoop a = new ThreadLoop("a");
                ThreadLoop b = new ThreadLoop("b")) {
            Owner from = new Owner("from", a);
            Owner to = new Owner("to", b);
            int rounds = 20;
            CountDownLatch waits = new CountDownLatch(rounds);
            AtomicInteger letters = new AtomicInteger();
            Owner.Ready mail = () -> letters.getAndSet(0);
            a.execute(new Runnable() {
                @Override
                public void run() {
                    for (int i = 0; i <= Owner.HIGH; i++) {
                        if (letters.getAndIncrement() == 0) {
                            to.listReady(mail);
                        }
                        from.handedOver(to, 1);
                    }
                    if (from.mustWait(() -> a.execute(this))) {
                        waits.countDown();
                    } else {
                        a.execute(this);
                    }
                }
            });
            assertThat(waits.await(25, TimeUnit.SECONDS))
                    .as("it waits and goes on")
                    .isTrue();
        }
    }

    @Test
    void ownThreadIsChecked() {
        assertThatThrownBy(target::check)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("target");
        there.run(target::check);
        assertThat(target.isCurrent()).isFalse();
        here.run(() -> {
            assertThat(target.isCurrent()).isFalse();
            assertThat(sender.isCurrent()).isTrue();
        });
    }

    @Test
    void runIsImmediateOnTheOwnThreadOnly() {
        target.run(() -> log.add("later"));
        there.run(() -> target.run(() -> log.add("at once")));
        assertThat(log).containsExactly("at once");
        loops.settle();
        assertThat(log).containsExactly("at once", "later");
    }

    @Test
    void scheduledTasksRunInTimeUnlessCancelled() {
        target.schedule(Duration.ofSeconds(2), () -> log.add("two"));
        Loop.Cancellation taken = target.schedule(Duration.ofSeconds(1), () -> log.add("one"));
        taken.cancel();
        loops.advance(Duration.ofSeconds(3));
        assertThat(log).containsExactly("two");
    }
}
