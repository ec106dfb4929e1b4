// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.IOException;
import java.nio.file.Path;

/// Counts up in a shared file, as a process of its own beside the test's.
final class CountingProcess {

    private CountingProcess() {}

    public static void main(String[] arguments) throws IOException {
        try (SharedDirectory directory = SharedDirectory.open(Path.of(arguments[0]))) {
            SharedFile<Long> counter = SharedFileTest.counter(directory);
            for (int n = Integer.parseInt(arguments[1]); n > 0; n--) {
                counter.update(count -> count + 1);
            }
        }
    }
}
