// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.upwell.app.config.BrokerUrl;
import org.upwell.app.tls.PemFiles;
import org.upwell.client.ClientOptions;
import org.upwell.client.ClientTls;
import org.upwell.client.Credentials;
import org.upwell.client.MqttClient;
import org.upwell.client.MqttException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.QoS;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// How `pub` and `sub` reach a broker, and as whom.
final class MqttOptions {
    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "ssl://127.0.0.1:8883",
            converter = UrlConverter.class,
            description = "The broker: ssl://HOST:PORT or tcp://HOST:PORT (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private BrokerUrl url;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "PEM certificates to trust (default: those that Java trusts)")
    private @Nullable Path ca;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before use
    private TokenOptions tokenOptions;

    @Option(names = "--user", paramLabel = "NAME", description = "User name; with a token any will do")
    private @Nullable String user;

    @Option(names = "--password-file", paramLabel = "FILE", description = "Its first line is the password")
    private @Nullable Path passwordFile;

    @Option(names = "--client-id", paramLabel = "ID", description = "Client ID (default: a random one)")
    private @Nullable String clientId;

    @Option(
            names = "--mqtt-version",
            paramLabel = "VERSION",
            defaultValue = "5",
            converter = VersionConverter.class,
            description = "3.1, 3.1.1 or 5 (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private MqttVersion version;

    @Option(
            names = "--qos",
            paramLabel = "QOS",
            defaultValue = "1",
            converter = QosConverter.class,
            description = "0, 1 or 2 (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private QoS qos;

    QoS qos() {
        return qos;
    }

    ClientOptions.Builder client() {
        ClientOptions.Builder builder = ClientOptions.builder(url.host(), url.port())
                .version(version)
                .clientId(clientId == null ? randomClientId() : clientId)
                .credentials(credentials().always());
        return url.isTls() ? builder.tls(tls()) : builder;
    }

    /// A file that cannot be used is told as such, and not as a connection that fails.
    private ClientTls tls() {
        if (ca == null) {
            return ClientTls.platform();
        }
        try {
            PemFiles.certificates(ca);
            return ClientTls.trusting(ca);
        } catch (IOException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        }
    }

    /// 23 characters, which every broker takes.
    private static String randomClientId() {
        return "upwell-" + UUID.randomUUID().toString().replace("-", "").substring(0, 16);
    }

    private Credentials credentials() {
        if (passwordFile != null) {
            return Credentials.of(user == null ? "" : user, Secrets.read(passwordFile));
        }
        Optional<String> token = tokenOptions.token();
        if (token.isPresent()) {
            return Credentials.of(user == null ? "token" : user, token.get());
        }
        return Credentials.NONE;
    }

    /// Waits for a stage of the client.
    static <T> T await(CompletionStage<T> stage, Duration atMost) {
        try {
            return stage.toCompletableFuture()
                    .orTimeout(atMost.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof MqttException) {
                throw new CommandFailure(String.valueOf(cause.getMessage()), cause);
            }
            if (cause instanceof TimeoutException) {
                throw new CommandFailure("no answer from the broker within " + atMost.toSeconds() + " s", cause);
            }
            throw e;
        }
    }

    static void connect(MqttClient client) {
        await(client.connect(), Duration.ofSeconds(30));
    }

    /// Reads a broker's address.
    static final class UrlConverter implements ITypeConverter<BrokerUrl> {
        @Override
        public BrokerUrl convert(String text) {
            try {
                return BrokerUrl.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is not " + e.getMessage());
            }
        }
    }

    /// Reads a version of MQTT.
    static final class VersionConverter implements ITypeConverter<MqttVersion> {
        @Override
        public MqttVersion convert(String text) {
            return switch (text) {
                case "3.1" -> MqttVersion.MQTT_3_1;
                case "3.1.1" -> MqttVersion.MQTT_3_1_1;
                case "5" -> MqttVersion.MQTT_5;
                default -> throw new TypeConversionException("'" + text + "' is not 3.1, 3.1.1 or 5");
            };
        }
    }

    /// Reads a QoS.
    static final class QosConverter implements ITypeConverter<QoS> {
        @Override
        public QoS convert(String text) {
            return switch (text) {
                case "0" -> QoS.AT_MOST_ONCE;
                case "1" -> QoS.AT_LEAST_ONCE;
                case "2" -> QoS.EXACTLY_ONCE;
                default -> throw new TypeConversionException("'" + text + "' is not 0, 1 or 2");
            };
        }
    }
}
