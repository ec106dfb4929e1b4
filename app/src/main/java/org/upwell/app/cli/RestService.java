// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.upwell.app.payload.PayloadText;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A running server's REST interface, as a user or the bearer of a token sees it. Options of the commands that use
/// it.
final class RestService {
    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8080",
            converter = TokenCommand.UrlConverter.class,
            description = "The server (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private URI url;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "PEM certificates to trust (default: those that Java trusts)")
    private @Nullable Path ca;

    @Option(names = "--user", paramLabel = "NAME", description = "A user with the role ADMIN; without, a token is used")
    private @Nullable String user;

    @Option(names = "--password-file", paramLabel = "FILE", description = "A file that holds the user's password")
    private @Nullable Path passwordFile;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private TokenOptions token;

    /// Made when it is needed first: most commands that have these options never start a request.
    private static final class Json {
        private static final JsonMapper MAPPER = new JsonMapper();
    }

    /// A part of a path or query.
    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    JsonNode get(String path) {
        return call("GET", path);
    }

    JsonNode delete(String path) {
        return call("DELETE", path);
    }

    private String authorization() {
        if (user == null) {
            return "Bearer " + token.requiredToken();
        }
        if (passwordFile == null) {
            throw new CommandFailure("--user takes --password-file");
        }
        byte[] pair = (user + ":" + Secrets.read(passwordFile)).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    private JsonNode call(String method, String path) {
        String authorization = authorization();
        HttpService service = new HttpService(url, ca);
        return answer(service.ask(service.request(path)
                .header("Authorization", authorization)
                .method(method, HttpRequest.BodyPublishers.noBody())));
    }

    /// Gives `reader` the objects of an answer that comes line by line, until it returns false. A signal ends it,
    /// and with success: it has no other end.
    ///
    /// @throws CommandFailure if the server ends it
    void follow(String path, Predicate<JsonNode> reader) {
        String authorization = authorization();
        HttpService service = new HttpService(url, ca);
        HttpRequest request =
                service.request(path).header("Authorization", authorization).build();
        try (HttpClient client = service.open();
                SignalHook _ = SignalHook.closing(client::shutdownNow)) {
            HttpResponse<Stream<String>> response = client.send(request, HttpResponse.BodyHandlers.ofLines());
            try (Stream<String> lines = response.body()) {
                if (response.statusCode() >= 300) {
                    throw refused(response.statusCode(), lines.collect(Collectors.joining()));
                }
                boolean more = lines.filter(line -> !line.isEmpty())
                        .map(Json.MAPPER::readTree)
                        .allMatch(reader);
                if (more) {
                    throw new CommandFailure("the server ended it");
                }
            }
            client.shutdownNow();
        } catch (ConnectException e) {
            throw service.noAnswer(e);
        } catch (IOException | UncheckedIOException | JacksonException e) {
            throw service.brokenOff(e);
        } catch (InterruptedException e) {
            throw HttpService.interrupted(e);
        }
    }

    private static CommandFailure refused(int status, String body) {
        try {
            JsonNode message = Json.MAPPER.readTree(body).path("message");
            return new CommandFailure(
                    "the server answered " + status + ": " + PayloadText.printable(message.asString("")));
        } catch (JacksonException e) {
            return new CommandFailure("the server answered " + status + " without JSON", e);
        }
    }

    private static JsonNode answer(HttpResponse<String> response) {
        if (response.statusCode() == 204) {
            return Json.MAPPER.createObjectNode();
        }
        JsonNode body;
        try {
            body = Json.MAPPER.readTree(response.body());
        } catch (JacksonException e) {
            throw new CommandFailure("the server answered " + response.statusCode() + " without JSON", e);
        }
        if (response.statusCode() >= 300) {
            throw new CommandFailure("the server answered " + response.statusCode() + ": "
                    + PayloadText.printable(body.path("message").asString("")));
        }
        return body;
    }
}
