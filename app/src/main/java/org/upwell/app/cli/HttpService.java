// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.upwell.app.tls.PemFiles;

/// A server that is asked by HTTP: whom to trust, how long to wait, and in words why there is no answer. Knows
/// nothing of what is asked.
final class HttpService {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final URI url;
    private final @Nullable Path ca;

    /// @param ca PEM certificates to trust; null: those that Java trusts
    HttpService(URI url, @Nullable Path ca) {
        this.url = url;
        this.ca = ca;
    }

    /// To be closed by the caller.
    HttpClient open() {
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT);
        if (ca != null) {
            try {
                builder.sslContext(PemFiles.clientContext(ca));
            } catch (IOException e) {
                throw new CommandFailure(String.valueOf(e.getMessage()), e);
            }
        }
        return builder.build();
    }

    HttpRequest.Builder request(String path) {
        try {
            return HttpRequest.newBuilder(url.resolve(path));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(url + " is not the address of a server: " + e.getMessage(), e);
        }
    }

    /// The whole answer, whatever its status.
    HttpResponse<String> ask(HttpRequest.Builder request) {
        try (HttpClient client = open()) {
            return client.send(request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw noAnswer(e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    CommandFailure noAnswer(IOException fault) {
        return new CommandFailure("no answer from " + url + ": " + cause(fault), fault);
    }

    CommandFailure brokenOff(Exception fault) {
        return new CommandFailure("the answer from " + url + " broke off: " + fault.getMessage(), fault);
    }

    static CommandFailure interrupted(InterruptedException fault) {
        Thread.currentThread().interrupt();
        return new CommandFailure("interrupted", fault);
    }

    /// The last cause says what went wrong; the ones above it repeat that something did.
    private static String cause(Throwable e) {
        String told = e instanceof ConnectException
                ? "it refused the connection"
                : e.getClass().getSimpleName();
        for (Throwable each = e; each != null; each = each.getCause()) {
            told = each.getMessage() == null ? told : each.getMessage();
        }
        return told;
    }
}
