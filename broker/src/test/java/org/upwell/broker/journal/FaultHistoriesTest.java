// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.store.StoreHistory;
import org.upwell.broker.store.StoreHistory.Fact;
import org.upwell.broker.store.StoreModel;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.RecordedCommit;
import org.upwell.broker.testing.Seeds;

/// Random histories of facts, cut off by random faults of process, disk and power, each compared with a model: what
/// was committed is there, what was not is whole or absent and in order, nothing that is done with comes back.
///
/// ```text
/// mvn -pl broker test -Dtest=FaultHistoriesTest -Djournal.histories=1000000 -Djournal.seed=1
/// ```
@Timeout(36_000)
class FaultHistoriesTest {

    private static final int HISTORIES = Integer.getInteger("journal.histories", 10_000);
    private static final int FIRST_SEED = Integer.getInteger("journal.seed", 1);

    @Test
    void whatWasCommittedSurvivesAnyFault() {
        Tally tally = new Tally();
        IntStream.range(FIRST_SEED, FIRST_SEED + HISTORIES).parallel().forEach(seed -> {
            Tally own = new Tally();
            Seeds.only(seed, random -> new Run(random, own).play());
            tally.add(own);
        });
        tally.check();
    }

    /// What happened in all runs: a test that never gets into trouble proves nothing.
    private static final class Tally {
        private final int[] faults = new int[FaultyDirectory.Fault.values().length];
        private long cleaned;
        private long duringRecovery;
        private long lostFacts;

        private synchronized void add(Tally one) {
            for (int i = 0; i < faults.length; i++) {
                faults[i] += one.faults[i];
            }
            cleaned += one.cleaned;
            duringRecovery += one.duringRecovery;
            lostFacts += one.lostFacts;
        }

        private void check() {
            if (HISTORIES < 1_000) {
                return;
            }
            for (FaultyDirectory.Fault each : FaultyDirectory.Fault.values()) {
                if (faults[each.ordinal()] < HISTORIES / 50) {
                    throw new AssertionError("only " + faults[each.ordinal()] + " of " + each);
                }
            }
            if (cleaned < HISTORIES || duringRecovery < HISTORIES / 50 || lostFacts < HISTORIES / 10) {
                throw new AssertionError("too little happened: " + this);
            }
        }

        @Override
        public String toString() {
            return cleaned + " segments cleaned, " + duringRecovery + " ends during recovery, " + lostFacts
                    + " facts lost that were not committed";
        }
    }

    private static final class Run {
        private final Random random;
        private final Tally tally;
        private final FaultyDirectory directory;
        private final StoreHistory history;
        private final JournalSettings settings;
        private final Tuning tuning;
        private StoreModel base = new StoreModel();

        private Run(Random random, Tally tally) {
            this.random = random;
            this.tally = tally;
            this.directory = new FaultyDirectory(random);
            this.history = new StoreHistory(random);
            this.settings = new JournalSettings(
                    Path.of("journal"),
                    random.nextInt(4) == 0 ? JournalSettings.Mode.INTERVAL : JournalSettings.Mode.SYNC,
                    Duration.ofMillis(100),
                    1 << (10 + random.nextInt(3)),
                    0,
                    0,
                    Long.MAX_VALUE / 2_000_000_000L);
            this.tuning = new Tuning(
                    1 + random.nextInt(3),
                    256 << random.nextInt(4),
                    random.nextInt(3) << 10,
                    random.nextInt(4) << 11,
                    4 << random.nextInt(5),
                    random.nextInt(2),
                    random.nextInt(3),
                    random.nextInt(3) - 1,
                    random.nextBoolean() ? 64 : 1 << 14);
        }

        private DrivenJournal open() {
            return new DrivenJournal(directory, settings, tuning);
        }

        private void play() {
            DrivenJournal journal = open();
            check(journal);
            int lives = 1 + random.nextInt(4);
            for (int life = 0; life < lives; life++) {
                journal = live(journal);
            }
            tally.cleaned += journal.stat().cleanedSegments();
        }

        /// From one opening to the next. Returns the journal opened again, checked.
        private DrivenJournal live(DrivenJournal journal) {
            FaultyDirectory.Fault fault =
                    FaultyDirectory.Fault.values()[random.nextInt(FaultyDirectory.Fault.values().length)];
            tally.faults[fault.ordinal()]++;
            directory.plan(fault, 1 + random.nextInt(80));
            boolean isClosed = false;
            try {
                work(journal);
                if (fault == FaultyDirectory.Fault.NONE || random.nextInt(4) == 0) {
                    journal.close();
                    isClosed = !directory.isBroken();
                }
            } catch (FaultyDirectory.Crash e) {
                isClosed = false;
            }
            tally.cleaned += journal.stat().cleanedSegments();
            boolean isPowerCut = fault == FaultyDirectory.Fault.POWER_CUT || random.nextBoolean();
            boolean wasBroken = directory.isBroken();
            directory.restart(isPowerCut);
            boolean promisesHold = settings.mode() == JournalSettings.Mode.SYNC || !(isPowerCut || wasBroken);
            return reopen(isClosed, promisesHold);
        }

        private void work(DrivenJournal journal) {
            int steps = random.nextInt(80);
            int perTurn = 1 + random.nextInt(8);
            for (int i = 0; i < steps; i++) {
                history.step(journal);
                if (random.nextInt(perTurn) == 0) {
                    journal.turn();
                }
                while (random.nextInt(3) > 0 && journal.keep()) {
                    if (random.nextBoolean()) {
                        journal.turn();
                    }
                }
                if (random.nextInt(20) == 0) {
                    journal.passTime(100_000_000);
                }
            }
            if (random.nextBoolean()) {
                journal.settle(random.nextInt(100));
            }
        }

        private DrivenJournal reopen(boolean isClosed, boolean heldBefore) {
            boolean promisesHold = heldBefore;
            while (true) {
                DrivenJournal journal = open();
                boolean isToCrash = random.nextInt(4) == 0;
                boolean isPowerCut = random.nextBoolean();
                if (isToCrash) {
                    directory.plan(
                            isPowerCut ? FaultyDirectory.Fault.POWER_CUT : FaultyDirectory.Fault.KILL,
                            1 + random.nextInt(15));
                }
                try {
                    StoredState state = StoredState.of(journal);
                    directory.plan(FaultyDirectory.Fault.NONE, 0);
                    compare(StoreModel.lines(state), isClosed, promisesHold);
                    return journal;
                } catch (FaultyDirectory.Crash e) {
                    tally.duringRecovery++;
                    directory.restart(isPowerCut);
                    promisesHold &= settings.mode() == JournalSettings.Mode.SYNC || !isPowerCut;
                }
            }
        }

        private void check(DrivenJournal journal) {
            compare(StoreModel.lines(StoredState.of(journal)), true, true);
        }

        /// Finds out which of the facts were kept, and goes on from there.
        private void compare(List<String> found, boolean isWhole, boolean promisesHold) {
            List<Fact> facts = new ArrayList<>();
            int promisedFacts = 0;
            int promisedSteps = 0;
            int allFacts = 0;
            int allSteps = 0;
            for (Fact each : history.takeFacts()) {
                facts.add(each);
                allFacts += each.isStep() ? 0 : 1;
                allSteps += each.isStep() ? 1 : 0;
                if (isWhole || (promisesHold && isCommitted(each.commit()))) {
                    promisedFacts = allFacts;
                    promisedSteps = allSteps;
                }
            }
            for (int factCount = allFacts; factCount >= promisedFacts; factCount--) {
                for (int stepCount = allSteps; stepCount >= promisedSteps; stepCount--) {
                    StoreModel candidate = candidate(facts, factCount, stepCount);
                    if (candidate.isTold(found)) {
                        goOn(candidate, facts, promisesHold);
                        tally.lostFacts += allFacts - factCount + allSteps - stepCount;
                        return;
                    }
                }
            }
            throw new AssertionError("of " + allFacts + " facts " + promisedFacts + " and of " + allSteps + " steps "
                    + promisedSteps + " had to be kept\nmode " + settings.mode() + ", closed " + isWhole
                    + ", nearest " + nearest(found, facts, allFacts, allSteps) + "\n" + LogText.of(directory) + "\n"
                    + String.join("\n", facts.stream().map(Fact::toString).toList()));
        }

        private String nearest(List<String> found, List<Fact> facts, int allFacts, int allSteps) {
            String nearest = "";
            for (int factCount = allFacts; factCount >= 0; factCount--) {
                for (int stepCount = allSteps; stepCount >= 0; stepCount--) {
                    String difference = difference(
                            found, candidate(facts, factCount, stepCount).lines());
                    if (nearest.isEmpty() || difference.length() < nearest.length()) {
                        nearest = factCount + " facts, " + stepCount + " steps" + difference;
                    }
                }
            }
            return nearest;
        }

        private static String difference(List<String> found, List<String> expected) {
            List<String> missing = new ArrayList<>(expected);
            missing.removeAll(found);
            List<String> extra = new ArrayList<>(found);
            extra.removeAll(expected);
            return "\nmissing\n" + String.join("\n", missing) + "\nnot to be there\n" + String.join("\n", extra);
        }

        private static boolean isCommitted(@Nullable RecordedCommit commit) {
            return commit != null && commit.calls().contains("committed");
        }

        /// The model after the first so many facts and steps.
        private StoreModel candidate(List<Fact> facts, int factCount, int stepCount) {
            StoreModel model = base.copy();
            int factsLeft = factCount;
            int stepsLeft = stepCount;
            for (Fact each : facts) {
                if (each.isStep() ? stepsLeft-- > 0 : factsLeft-- > 0) {
                    each.fold().accept(model);
                }
            }
            return model;
        }

        private void goOn(StoreModel kept, List<Fact> facts, boolean promisesHold) {
            // A number that was given, but neither promised nor kept, may be given again.
            List<Long> lost = new ArrayList<>();
            for (Fact each : facts) {
                if (each.number() > 0 && !base.sessions().containsKey(each.number())) {
                    lost.add(each.number());
                }
            }
            for (Fact each : facts) {
                if ((promisesHold && isCommitted(each.commit()))
                        || kept.sessions().containsKey(each.number())) {
                    lost.removeIf(number -> number == each.number());
                }
            }
            base = kept.copy();
            history.goOnFrom(kept, lost);
        }
    }
}
