// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.upwell.app.process.Children;
import org.upwell.load.LoadException;
import org.upwell.load.Processes;

/// Looks at what a server of ours keeps, from outside: by the JDK's own tool, by `/proc`, and by its metrics. Never
/// at this process, which would stand still while it is to read what the tool prints.
final class ServerProbe {
    private static final Pattern TOTAL = Pattern.compile("^Total\\s+\\d+\\s+(\\d+)\\s*$", Pattern.MULTILINE);
    private static final Pattern STORE =
            Pattern.compile("^upwell_store_live_bytes(?:\\{[^}]*})?\\s+(\\S+)\\s*$", Pattern.MULTILINE);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /// What a server holds at a moment, in bytes; NaN where it is not known.
    ///
    /// @param heap what a collection left
    /// @param collected RssAnon after that collection
    /// @param store what of the files is needed
    record Look(double heap, double collected, double store) {}

    private final long pid;
    private final int httpPort;
    private final boolean durable;
    private final Processes processes;

    /// @param httpPort where this machine may read the metrics
    ServerProbe(long pid, int httpPort, boolean durable) throws IOException {
        this.pid = pid;
        this.httpPort = httpPort;
        this.durable = durable;
        try {
            this.processes = new Processes(List.of(pid));
        } catch (LoadException e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
    }

    long pid() {
        return pid;
    }

    /// Makes the server collect its garbage, which takes part of a second.
    Look look() throws IOException, InterruptedException {
        double heap = liveHeap();
        return new Look(heap, anonymous(), durable ? storeBytes() : Double.NaN);
    }

    /// RssAnon as it is, NaN if this platform does not tell.
    double anonymous() {
        long bytes = processes.sample().anonymousBytes();
        return bytes < 0 ? Double.NaN : bytes;
    }

    /// A histogram counts what is alive, and so collects before.
    private double liveHeap() throws IOException, InterruptedException {
        String tool = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process process = new ProcessBuilder(tool, Long.toString(pid), "GC.class_histogram").start();
        process.getOutputStream().close();
        try (Children.Child child = Children.watch(process)) {
            Thread errors = Thread.ofVirtual().start(child::readErrors);
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            errors.join();
            Matcher total = TOTAL.matcher(out);
            if (!total.find()) {
                throw new IOException("jcmd told no heap of process " + pid + ": " + child.errors());
            }
            return Double.parseDouble(total.group(1));
        }
    }

    private double storeBytes() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + "/metrics"))
                .timeout(PATIENCE)
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            String body = client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
                    .body();
            Matcher told = STORE.matcher(body);
            return told.find() ? Double.parseDouble(told.group(1)) : Double.NaN;
        }
    }
}
