// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessesTest {
    @Test
    void readsAFieldOfAStatus() {
        String status = "Name:\tjava\nVmRSS:\t  123456 kB\nRssAnon:\t     789 kB\nThreads:\t5\n";
        assertThat(Processes.bytes(status, "VmRSS:")).isEqualTo(123456L << 10);
        assertThat(Processes.bytes(status, "RssAnon:")).isEqualTo(789L << 10);
        assertThat(Processes.bytes(status, "VmSwap:")).isEqualTo(-1);
        assertThat(Processes.bytes("", "VmRSS:")).isEqualTo(-1);
    }

    @Test
    void knowsThisProcess() throws LoadException {
        Processes.Sample sample = new Processes(List.of(ProcessHandle.current().pid())).sample();
        assertThat(sample.brokerCpu()).isGreaterThan(0);
        if (Processes.tellsMemory()) {
            assertThat(sample.residentBytes()).isGreaterThan(1 << 20);
        }
    }

    @Test
    void aProcessThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> new Processes(List.of(Long.MAX_VALUE - 7)))
                .isInstanceOf(LoadException.class)
                .hasMessageContaining("there is no process");
    }
}
