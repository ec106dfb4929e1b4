// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.access.file.Fault;
import org.upwell.access.login.AccessSettings;
import org.upwell.access.token.SigningAlgorithm;
import org.upwell.access.token.TrustedIssuer;
import org.upwell.broker.journal.JournalSettings;
import org.upwell.codec.QoS;
import org.upwell.gateway.bridge.Quarantine;
import org.upwell.gateway.proxy.ForwardProxy;

class UpwellConfigTest {
    private static final Path FILE = Path.of("upwell.yaml");

    private static final String EVERY_KEY = """
            data-directory: /srv/upwell
            durability: memory
            access:
              issuer: https://upwell.example
              algorithm: ES256
              clock-skew: 1500ms
              issuers:
                - name: https://login.example
                  keys: /etc/upwell/login-keys.json
                  tenants: [acme, globex]
                  roles: [APPLICATION]
                - {name: partner, keys: partner.json, tenants: ["*"], roles: ["*"]}
            mqtt:
              listeners:
                - name: public
                  type: tls
                  bind: 192.0.2.7
                  port: 18883
                  certificate: /etc/upwell/chain.pem
                  key: /etc/upwell/key.pem
                - name: bench
                  type: tcp
                  bind: ::1
                  port: 0
                  anonymous:
                    tenant: bench
                    roles: [APPLICATION, BUBBLE_UP_READ_CONSUMER]
              queue-limit: 1_000
              queue-bytes: 2GB
              queue-overflow: drop-oldest
              shared-redelivery: connection-loss
              qos-0-bytes: 64KB
              sys-interval: 1m
              topic-alias-maximum: 5
              max-topic-levels: 7
              check-payload-format: true
              rehearsal: false
            http:
              bind: 127.0.0.2
              port: 18080
            https:
              bind: 0.0.0.0
              port: 18443
              certificate: web.pem
              key: web-key.pem
            observations: {per-device: 250, memory: 2MB}
            gateway:
              broker:
                url: ssl://broker.example:9883
                username: gateway
                password-file: /etc/upwell/gateway-password
                ca: /etc/upwell/ca.pem
              http: {port: 18081}
              coaps: {port: 15684, keys-file: psk.txt, certificate: dtls.pem, key: dtls-key.pem, client-ca: apps.pem}
              coap:
                bind: 0.0.0.0
                port: 15683
              field:
                bind: fd00::1
                port: 15685
                networks: [fd00::/16, 10.0.0.0/8, 192.0.2.1]
              gateway_coap_mqtt_bridge_default_message_qos: EXACTLY_ONCE
              bridge:
                instances: 4
                first-instance: 11
              quarantine: {messages: 50_000, per-device: 20, bytes: 64MB, life: 30d}
              proxy:
                in-flight-per-device: 2
                in-flight-per-access-point: 20
                waiting-per-device: 5
                waiting-per-access-point: 50
                cache-bytes: 1MB
            """;

    @Test
    void emptyFileMeansTheDefaults() throws Exception {
        UpwellConfig config = UpwellConfig.parse(FILE, "# nothing but a comment\n");

        assertThat(config).isEqualTo(UpwellConfig.defaults());
        assertThat(config.dataDirectory()).isEqualTo(Path.of("upwell-data"));
        assertThat(config.durability()).isEqualTo(Durability.SYNC);
        assertThat(config.access())
                .isEqualTo(new AccessConfig("upwell", SigningAlgorithm.RS256, Duration.ofSeconds(30), List.of()));
        assertThat(config.access().settings()).isEqualTo(AccessSettings.DEFAULTS);
        assertThat(config.mqtt().queueLimit()).isEqualTo(50_000);
        assertThat(config.mqtt().queueBytes()).isEqualTo(64 << 20);
        assertThat(config.mqtt().queueOverflow()).isEqualTo(QueueOverflow.DROP_NEWEST);
        assertThat(config.mqtt().qos0Bytes()).isEqualTo(1 << 20);
        assertThat(config.mqtt().sysInterval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.mqtt().listeners())
                .containsExactly(
                        ListenerConfig.of("tls", ListenerType.TLS, at("0.0.0.0", 8883)),
                        ListenerConfig.of("tcp", ListenerType.TCP, at("127.0.0.1", 1883)));
        assertThat(config.http()).isEqualTo(new HttpConfig(at("127.0.0.1", 8080)));
        assertThat(config.https()).isEqualTo(new HttpsConfig(at("127.0.0.1", 8443), Optional.empty()));
        assertThat(config.gateway()).isEmpty();
    }

    @Test
    void gatewayWithoutKeysHasDefaultsThatTrustThisMachineOnly() throws Exception {
        GatewayConfig gateway =
                UpwellConfig.parse(FILE, "gateway: {}\n").gateway().orElseThrow();

        assertThat(gateway.coap()).isEqualTo(at("127.0.0.1", 5683));
        assertThat(gateway.field().address()).isEqualTo(at("127.0.0.1", 5685));
        assertThat(gateway.field().networks()).containsExactly("127.0.0.0/8", "::1/128");
        assertThat(gateway.bridgeQos()).isEqualTo(QoS.AT_LEAST_ONCE);
        assertThat(gateway.bridgeInstances()).isEqualTo(1);
        assertThat(gateway.firstInstance()).isEqualTo(1);
        assertThat(gateway.limits()).isEqualTo(ForwardProxy.Limits.DEFAULT);
        assertThat(gateway.broker()).isEmpty();
        assertThat(gateway.http()).isEmpty();
        assertThat(gateway.quarantine().limits())
                .isEqualTo(new Quarantine.Limits(10_000, 100, 16 << 20, Duration.ofDays(7)));
    }

    @Test
    void httpOfAGatewayIsForOneInAProcessOfItsOwn() throws Exception {
        assertThat(UpwellConfig.parse(FILE, EVERY_KEY).gateway().orElseThrow().http())
                .contains(new HttpConfig(at("127.0.0.1", 18081)));
        assertThat(faults("gateway: {http: {bind: 192.0.2.1}}"))
                .containsExactly(
                        "upwell.yaml:1: 'gateway.http.bind' must be a loopback address such as 127.0.0.1: elsewhere use"
                                + " https",
                        "upwell.yaml:1: 'gateway.http' is for a gateway in a process of its own, with gateway.broker:"
                                + " use the server's own http");
    }

    @Test
    void coapsNeedsKeysOrACertificate() throws Exception {
        assertThat(faults("gateway: {coaps: {client-ca: ca.pem}}"))
                .containsExactly(
                        "upwell.yaml:1: 'gateway.coaps.keys-file' is missing, and so are 'certificate' and 'key': one"
                                + " way is needed",
                        "upwell.yaml:1: 'gateway.coaps.client-ca' needs 'certificate' and 'key' beside it");
    }

    @Test
    void quarantineIsReadAndItsFaultsAreNamed() throws Exception {
        assertThat(UpwellConfig.parse(FILE, EVERY_KEY)
                        .gateway()
                        .orElseThrow()
                        .quarantine()
                        .limits())
                .isEqualTo(new Quarantine.Limits(50_000, 20, 64 << 20, Duration.ofDays(30)));
        assertThat(faults("""
                gateway:
                  quarantine:
                    messages: many
                    life: 2000d
                    size: 1
                """))
                .containsExactly(
                        "upwell.yaml:3: 'gateway.quarantine.messages' must be a whole number from 0 to 10000000, not"
                                + " 'many'",
                        "upwell.yaml:4: 'gateway.quarantine.life' must be a time such as 500ms, 30s or 2m, at most"
                                + " 366d, not '2000d'",
                        "upwell.yaml:5: unknown key 'gateway.quarantine.size' (known here: messages, per-device,"
                                + " bytes, life)");
    }

    @Test
    void everyKeyIsRead() throws Exception {
        UpwellConfig config = UpwellConfig.parse(FILE, EVERY_KEY);

        assertThat(config.dataDirectory()).isEqualTo(Path.of("/srv/upwell"));
        assertThat(config.observations()).isEqualTo(new ObservationsConfig(250, 2 << 20));
        assertThat(config.access())
                .isEqualTo(new AccessConfig(
                        "https://upwell.example",
                        SigningAlgorithm.ES256,
                        Duration.ofMillis(1500),
                        List.of(
                                new TrustedIssuer(
                                        "https://login.example",
                                        Path.of("/etc/upwell/login-keys.json"),
                                        Set.of("acme", "globex"),
                                        Set.of("APPLICATION")),
                                new TrustedIssuer("partner", Path.of("partner.json"), Set.of("*"), Set.of("*")))));
        assertThat(config.mqtt())
                .isEqualTo(new MqttConfig(
                        List.of(
                                new ListenerConfig(
                                        "public",
                                        ListenerType.TLS,
                                        at("192.0.2.7", 18883),
                                        Optional.of(new CertificateFiles(
                                                Path.of("/etc/upwell/chain.pem"), Path.of("/etc/upwell/key.pem"))),
                                        Optional.empty()),
                                new ListenerConfig(
                                        "bench",
                                        ListenerType.TCP,
                                        at("::1", 0),
                                        Optional.empty(),
                                        Optional.of(new AnonymousConfig(
                                                "bench", Set.of("APPLICATION", "BUBBLE_UP_READ_CONSUMER"))))),
                        1_000,
                        2L << 30,
                        QueueOverflow.DROP_OLDEST,
                        64 << 10,
                        SharedRedelivery.CONNECTION_LOSS,
                        Duration.ofMinutes(1),
                        5,
                        7,
                        true,
                        false));
        assertThat(config.http()).isEqualTo(new HttpConfig(at("127.0.0.2", 18080)));
        assertThat(config.https())
                .isEqualTo(new HttpsConfig(
                        at("0.0.0.0", 18443),
                        Optional.of(new CertificateFiles(Path.of("web.pem"), Path.of("web-key.pem")))));
    }

    @Test
    void everyKeyOfTheGatewayIsRead() throws Exception {
        UpwellConfig config = UpwellConfig.parse(FILE, EVERY_KEY);

        assertThat(config.gateway())
                .contains(new GatewayConfig(
                        at("0.0.0.0", 15683),
                        new FieldConfig(at("fd00::1", 15685), List.of("fd00::/16", "10.0.0.0/8", "192.0.2.1")),
                        QoS.EXACTLY_ONCE,
                        4,
                        11,
                        new ForwardProxy.Limits(2, 20, 5, 50, 1 << 20),
                        Optional.of(new BrokerConfig(
                                BrokerUrl.parse("ssl://broker.example:9883"),
                                "gateway",
                                Path.of("/etc/upwell/gateway-password"),
                                Optional.of(Path.of("/etc/upwell/ca.pem")))),
                        Optional.of(new HttpConfig(at("127.0.0.1", 18081))),
                        Optional.of(new CoapsConfig(
                                at("127.0.0.1", 15684),
                                Optional.of(Path.of("psk.txt")),
                                Optional.of(new CertificateFiles(Path.of("dtls.pem"), Path.of("dtls-key.pem"))),
                                Optional.of(Path.of("apps.pem")))),
                        new QuarantineConfig(new Quarantine.Limits(50_000, 20, 64 << 20, Duration.ofDays(30)))));
    }

    @Test
    void writtenBackItReadsAsTheSame() throws Exception {
        UpwellConfig config = UpwellConfig.parse(FILE, EVERY_KEY);

        String text = ConfigText.of(config);

        assertThat(UpwellConfig.parse(FILE, text)).isEqualTo(config);
        assertThat(UpwellConfig.parse(FILE, ConfigText.of(UpwellConfig.defaults())))
                .isEqualTo(UpwellConfig.defaults());
    }

    @Test
    void allFaultsAreReportedAtOnceWithTheirLines() {
        String text = """
                data-directory: d
                durabilty: memory
                mqtt:
                  listeners:
                    - name: a
                      type: udp
                      prot: 1883
                    - name: a
                      port: 70000
                      anonymous:
                        tenant: t
                  queue-limit: many
                  queue-overflow: drop-all
                http:
                  bind: 0.0.0.0
                https: 8443
                gateway:
                  field:
                    networks: [10.0.0.0/33]
                  gateway_coap_mqtt_bridge_default_message_qos: at-least-once
                  broker:
                    url: http://broker
                """;

        assertThat(faults(text))
                .containsExactly(
                        "upwell.yaml:2: unknown key 'durabilty' (known here: data-directory, durability, store, access,"
                                + " mqtt, http, https, observations, gateway)",
                        "upwell.yaml:6: 'mqtt.listeners[0].type' must be one of tcp, tls, not 'udp'",
                        "upwell.yaml:7: unknown key 'mqtt.listeners[0].prot' (known here: type, bind, port,"
                                + " certificate, key, anonymous, name)",
                        "upwell.yaml:8: 'mqtt.listeners[1].name' 'a' is taken by another listener",
                        "upwell.yaml:9: 'mqtt.listeners[1].port' must be a whole number from 0 to 65535, not '70000'",
                        "upwell.yaml:11: 'mqtt.listeners[1].anonymous.roles' must name at least one role, or every"
                                + " client is refused",
                        "upwell.yaml:12: 'mqtt.queue-limit' must be a whole number from 1 to 2000000, not 'many'",
                        "upwell.yaml:13: 'mqtt.queue-overflow' must be one of drop-newest, drop-oldest, not 'drop-all'",
                        "upwell.yaml:15: 'http.bind' must be a loopback address such as 127.0.0.1: elsewhere use https",
                        "upwell.yaml:16: 'https' must be a mapping of keys to values, not '8443'",
                        "upwell.yaml:19: 'gateway.field.networks' must be a network such as 10.0.0.0/8 or fd00::/16,"
                                + " not '10.0.0.0/33'",
                        "upwell.yaml:19: 'gateway.field.networks' must name at least one network, or no device reaches"
                                + " the gateway",
                        "upwell.yaml:20: 'gateway.gateway_coap_mqtt_bridge_default_message_qos' must be one of"
                                + " AT_MOST_ONCE, AT_LEAST_ONCE, EXACTLY_ONCE, not 'at-least-once'",
                        "upwell.yaml:22: 'gateway.broker.url' must be ssl://host:port or tcp://host:port, not"
                                + " 'http://broker'",
                        "upwell.yaml:22: 'gateway.broker.username' is missing",
                        "upwell.yaml:22: 'gateway.broker.password-file' is missing");
    }

    @Test
    void everyFaultOfAccessIsReported() {
        assertThat(faults("""
                access:
                  issuer: us
                  algorithm: HS256
                  clock-skew: 1h
                  audience: x
                  issuers:
                    - {name: us, keys: k.json, tenants: [acme], roles: [R]}
                    - {name: a, keys: k.json, tenants: [ssni, a/b], roles: []}
                    - {name: a, tenants: ["*", acme], role: [R]}
                """))
                .containsExactly(
                        "upwell.yaml:3: 'access.algorithm' must be one of RS256, ES256, not 'HS256'",
                        "upwell.yaml:4: 'access.clock-skew' must be a time such as 500ms, 30s or 2m, at most 10m, not"
                                + " '1h'",
                        "upwell.yaml:5: unknown key 'access.audience' (known here: issuer, algorithm, clock-skew,"
                                + " issuers)",
                        "upwell.yaml:7: 'access.issuers[0].name' 'us' is the issuer of our own tokens",
                        "upwell.yaml:8: 'access.issuers[1].tenants' must be a tenant other than 'ssni', which is the"
                                + " users' own, not 'ssni'",
                        "upwell.yaml:8: 'access.issuers[1].tenants' must be a tenant ID, not 'a/b'",
                        "upwell.yaml:8: 'access.issuers[1].tenants' must name at least one, or the issuer's tokens are"
                                + " all refused",
                        "upwell.yaml:8: 'access.issuers[1].roles' must name at least one, or the issuer's tokens are"
                                + " all refused",
                        "upwell.yaml:9: 'access.issuers[2].name' 'a' is another issuer's",
                        "upwell.yaml:9: 'access.issuers[2].keys' is missing",
                        "upwell.yaml:9: 'access.issuers[2].tenants' has names beside '*', which means all",
                        "upwell.yaml:9: 'access.issuers[2].roles' is missing: name what the issuer may assert, or"
                                + " ['*'] for all",
                        "upwell.yaml:9: unknown key 'access.issuers[2].role' (known here: name, keys, tenants, roles)");
    }

    @Test
    void theStoreKeepsItsFilesWhereAndAsItIsTold() throws Exception {
        UpwellConfig defaults = UpwellConfig.parse(FILE, "data-directory: d");
        assertThat(defaults.durability()).isEqualTo(Durability.SYNC);
        JournalSettings usual = defaults.store().settings(Path.of("d"), Durability.SYNC);
        assertThat(usual).isEqualTo(JournalSettings.of(Path.of("d/journal")));
        UpwellConfig config = UpwellConfig.parse(FILE, """
                durability: interval
                store:
                  directory: elsewhere
                  interval: 20ms
                  maximum-size: 10GB
                  minimum-free: 1048576
                  segment-size: 16MB
                  cleaning-rate: 50MB
                """);
        assertThat(config.store().settings(Path.of("d"), config.durability()))
                .isEqualTo(new JournalSettings(
                        Path.of("elsewhere"),
                        JournalSettings.Mode.INTERVAL,
                        Duration.ofMillis(20),
                        16 << 20,
                        10L << 30,
                        1 << 20,
                        50 << 20));
    }

    @Test
    void badSizesAndTimesOfTheStoreAreReportedTogether() {
        assertThat(faults("""
                store:
                  interval: 0s
                  maximum-size: 64MB
                  segment-size: 1KB
                  cleaning-rate: fast
                  size: 1
                """)).hasSize(5).allSatisfy(fault -> assertThat(fault).contains("store."));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mqtt: [ | upwell.yaml:1: not YAML",
                "mqtt:\\n\\tlisteners: 1 | upwell.yaml:2: not YAML",
                "- a | upwell.yaml:1: the file must be a mapping of keys to values, not a list",
                "http: {port: 1}\\nhttp: {port: 2} | upwell.yaml:2: key 'http' is there twice, first on line 1",
                "http: &h {port: 1}\\nhttps: *h | upwell.yaml:2: aliases (*h) are not supported: write the value out",
                "http:\\n  port: | upwell.yaml:2: 'http.port' must be a value, not nothing",
                "http:\\n  port: [1] | upwell.yaml:2: 'http.port' must be a value, not a list",
                "http: {bind: example.org} | upwell.yaml:1: 'http.bind' must be an IPv4 or IPv6 address, or localhost",
                "mqtt: {listeners: {}} | upwell.yaml:1: 'mqtt.listeners' must be a list, not a mapping",
                "mqtt:\\n  listeners:\\n  - tls | upwell.yaml:3: 'mqtt.listeners[0]' must be a mapping",
                "https: {certificate: a.pem} | upwell.yaml:1: 'https.certificate' needs 'key' beside it",
                "https: {key: a.pem} | upwell.yaml:1: 'https.key' needs 'certificate' beside it",
                "mqtt: {listeners: [{type: tcp, certificate: a, key: b}]} | upwell.yaml:1:"
                        + " 'mqtt.listeners[0].certificate' is for listeners of type tls",
            })
    void faultNamesItsLine(String text, String expected) {
        assertThat(faults(text.replace("\\n", "\n").replace("\\t", "\t")))
                .anySatisfy(fault -> assertThat(fault).startsWith(expected));
    }

    @Test
    void fileOfBytesThatAreNoTextIsAFaultNotACrash(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("upwell.yaml");
        Files.write(file, new byte[] {'a', ':', ' ', (byte) 0xff, (byte) 0xfe});

        assertThatThrownBy(() -> UpwellConfig.load(file))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessage(file + ":1: not UTF-8 text");
    }

    @Test
    void fileIsReadFromDisk(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, EVERY_KEY, StandardCharsets.UTF_8);

        assertThat(UpwellConfig.load(file)).isEqualTo(UpwellConfig.parse(FILE, EVERY_KEY));
    }

    @Test
    void brokerPortDefaultsByScheme() {
        BrokerUrl plain = BrokerUrl.parse("tcp://h");
        BrokerUrl tls = BrokerUrl.parse("mqtts://[fd00::1]");

        assertThat(plain.port()).isEqualTo(1883);
        assertThat(plain.isTls()).isFalse();
        assertThat(tls.port()).isEqualTo(8883);
        assertThat(tls.isTls()).isTrue();
        assertThat(tls.host()).isEqualTo("fd00::1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://h",
                "h:1883",
                "tcp://",
                "tcp://u@h",
                "tcp://h/path",
                "tcp://h?q",
                "tcp://h#f",
                "tcp://h:99999",
                "tcp://h h"
            })
    void brokerUrlThatIsNone(String text) {
        assertThatThrownBy(() -> BrokerUrl.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ssl://host:port or tcp://host:port");
    }

    @Test
    void anonymousTenantThatIsNoTenantIdIsAFaultAtItsLine() {
        String text = EVERY_KEY.replace("tenant: bench", "tenant: a/b");

        assertThat(faults(text))
                .containsExactly("upwell.yaml:26: 'mqtt.listeners[1].anonymous.tenant' is not allowed:"
                        + " tenant ID 'a/b' must not contain '/'");
    }

    private static List<String> faults(String text) {
        InvalidConfigException thrown =
                catchThrowableOfType(InvalidConfigException.class, () -> UpwellConfig.parse(FILE, text));
        assertThat(thrown).as("faults in%n%s", text).isNotNull();
        return thrown.faults().stream().map(Fault::toString).toList();
    }

    private static BindAddress at(String address, int port) {
        return new BindAddress(InetAddress.ofLiteral(address), port);
    }
}
