// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.app.config.PlainCause;
import org.upwell.app.tls.PemFiles;
import org.upwell.codec.MqttVersion;
import org.upwell.load.LoadTarget;
import org.upwell.load.LoadTls;
import org.upwell.load.Logins;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Which broker is loaded, and as whom its clients connect.
final class LoadTargetOptions {
    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "The broker (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String host;

    @Option(
            names = "--remote",
            description = "Yes, the broker is on another machine, and its owner knows of the load to come")
    private boolean remote;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "0",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "Its port (default: 1883, with --tls 8883)")
    private int port;

    @Option(
            names = {"-V", "--mqtt-version"},
            paramLabel = "VERSION",
            defaultValue = "3.1.1",
            converter = MqttOptions.VersionConverter.class,
            description = "3.1.1 or 5 (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private MqttVersion version;

    @Option(
            names = {"-u", "--user"},
            paramLabel = "NAME",
            description = "User name; with a token any will do")
    private @Nullable String user;

    @Option(names = "--password-file", paramLabel = "FILE", description = "Its first line is the password")
    private @Nullable Path passwordFile;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before use
    private TokenOptions tokenOptions;

    @Option(
            names = "--tokens-file",
            paramLabel = "FILE",
            description = "A token per line, which the clients take in turn")
    private @Nullable Path tokensFile;

    @Option(names = "--tls", description = "Connect with TLS")
    private boolean tls;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "PEM certificates to trust (default: those of the platform)")
    private @Nullable Path ca;

    @Option(
            names = "--any-host-name",
            description = "Do not check the broker's name against its certificate, which costs a little")
    private boolean anyHostName;

    @Option(names = "--full-handshakes", description = "Never resume a TLS session; implies --any-host-name")
    private boolean fullHandshakes;

    @Option(
            names = "--tls-version",
            paramLabel = "VERSION",
            description = "1.2 or 1.3 only (default: the newest that both know)")
    private @Nullable String tlsVersion;

    @Option(
            names = {"-A", "--keep-alive"},
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "Keep-alive; idle connections are pinged (default: ${DEFAULT-VALUE})")
    private int keepAliveSeconds;

    @Option(
            names = {"-k", "--at-once"},
            paramLabel = "N",
            defaultValue = "64",
            description = "Connections that are being made at one time (default: ${DEFAULT-VALUE})")
    private int atOnce;

    LoadTarget target() {
        return new LoadTarget(
                host,
                port != 0 ? port : tls ? 8883 : 1883,
                remote,
                version,
                logins(),
                tls ? tls() : null,
                keepAliveSeconds,
                atOnce,
                Duration.ofSeconds(10));
    }

    private LoadTls tls() {
        if (ca != null) {
            try {
                PemFiles.certificates(ca);
            } catch (IOException e) {
                throw new CommandFailure(String.valueOf(e.getMessage()), e);
            }
        }
        return new LoadTls(
                ca,
                !anyHostName && !fullHandshakes,
                !fullHandshakes,
                tlsVersion == null ? List.of() : List.of("TLSv" + tlsVersion));
    }

    private Logins logins() {
        if (tokensFile != null) {
            return Logins.tokens(user == null ? "token" : user, tokens(tokensFile));
        }
        if (passwordFile != null) {
            return Logins.same(user == null ? "" : user, Secrets.read(passwordFile));
        }
        return tokenOptions
                .token()
                .map(token -> Logins.same(user == null ? "token" : user, token))
                .orElseGet(() -> user == null ? Logins.anonymous() : Logins.same(user, null));
    }

    private static List<String> tokens(Path file) {
        List<String> tokens;
        try {
            tokens = Files.readAllLines(file).stream()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (IOException e) {
            throw new CommandFailure(PlainCause.of(e), e);
        }
        if (tokens.isEmpty()) {
            throw new CommandFailure(file + " holds no tokens");
        }
        return tokens;
    }
}
