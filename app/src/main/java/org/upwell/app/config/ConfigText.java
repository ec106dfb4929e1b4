// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.upwell.access.token.TrustedIssuer;
import org.upwell.gateway.bridge.Quarantine;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/// Writes a configuration back as YAML with every default filled in, so that a person sees what was understood.
/// What it writes reads back as the same configuration. There is no secret in it to mask: passwords and keys are
/// named by file.
public final class ConfigText {
    private ConfigText() {}

    public static String of(UpwellConfig config) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("data-directory", config.dataDirectory().toString());
        root.put("durability", config.durability().spelling());
        root.put("store", store(config.store()));
        root.put("access", access(config.access()));
        root.put("mqtt", mqtt(config.mqtt()));
        root.put("http", address(config.http().address()));
        Map<String, Object> https = address(config.https().address());
        config.https().certificate().ifPresent(files -> put(https, files));
        root.put("https", https);
        Map<String, Object> observations = new LinkedHashMap<>();
        observations.put("per-device", config.observations().perDevice());
        observations.put("memory", config.observations().bytes());
        root.put("observations", observations);
        config.gateway().ifPresent(gateway -> root.put("gateway", gateway(gateway)));
        return YAMLMapper.builder()
                .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
                .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
                .disable(YAMLWriteFeature.SPLIT_LINES)
                .build()
                .writeValueAsString(root);
    }

    private static String duration(Duration duration) {
        long millis = duration.toMillis();
        return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    }

    private static Map<String, Object> store(StoreConfig settings) {
        Map<String, Object> store = new LinkedHashMap<>();
        settings.directory().ifPresent(directory -> store.put("directory", directory.toString()));
        store.put("interval", duration(settings.interval()));
        store.put("maximum-size", settings.maximumSize());
        store.put("minimum-free", settings.minimumFree());
        store.put("segment-size", settings.segmentSize());
        store.put("cleaning-rate", settings.cleaningRate());
        return store;
    }

    private static Map<String, Object> access(AccessConfig config) {
        List<Map<String, Object>> issuers = new ArrayList<>();
        for (TrustedIssuer each : config.issuers()) {
            Map<String, Object> issuer = new LinkedHashMap<>();
            issuer.put("name", each.name());
            issuer.put("keys", each.keys().toString());
            issuer.put("tenants", each.tenants().stream().sorted().toList());
            issuer.put("roles", each.roles().stream().sorted().toList());
            issuers.add(issuer);
        }
        Map<String, Object> access = new LinkedHashMap<>();
        access.put("issuer", config.issuer());
        access.put("algorithm", config.algorithm().name());
        access.put("clock-skew", duration(config.clockSkew()));
        access.put("issuers", issuers);
        return access;
    }

    private static Map<String, Object> mqtt(MqttConfig config) {
        List<Map<String, Object>> listeners = new ArrayList<>();
        for (ListenerConfig each : config.listeners()) {
            Map<String, Object> listener = new LinkedHashMap<>();
            listener.put("name", each.name());
            listener.put("type", each.type().spelling());
            listener.putAll(address(each.address()));
            each.certificate().ifPresent(files -> put(listener, files));
            each.anonymous().ifPresent(anonymous -> {
                Map<String, Object> section = new LinkedHashMap<>();
                section.put("tenant", anonymous.tenant());
                section.put("roles", anonymous.roles().stream().sorted().toList());
                listener.put("anonymous", section);
            });
            listeners.add(listener);
        }
        Map<String, Object> mqtt = new LinkedHashMap<>();
        mqtt.put("listeners", listeners);
        mqtt.put("queue-limit", config.queueLimit());
        mqtt.put("queue-bytes", config.queueBytes());
        mqtt.put("queue-overflow", config.queueOverflow().spelling());
        mqtt.put("shared-redelivery", config.sharedRedelivery().spelling());
        mqtt.put("qos-0-bytes", config.qos0Bytes());
        mqtt.put("sys-interval", duration(config.sysInterval()));
        mqtt.put("topic-alias-maximum", config.topicAliasMaximum());
        mqtt.put("max-topic-levels", config.maxTopicLevels());
        mqtt.put("check-payload-format", config.checkPayloadFormat());
        mqtt.put("rehearsal", config.rehearsal());
        return mqtt;
    }

    private static Map<String, Object> gateway(GatewayConfig config) {
        Map<String, Object> gateway = new LinkedHashMap<>();
        config.broker().ifPresent(broker -> {
            Map<String, Object> section = new LinkedHashMap<>();
            section.put("url", broker.url().toString());
            section.put("username", broker.username());
            section.put("password-file", broker.passwordFile().toString());
            broker.ca().ifPresent(ca -> section.put("ca", ca.toString()));
            gateway.put("broker", section);
        });
        config.http().ifPresent(http -> gateway.put("http", address(http.address())));
        gateway.put("coap", address(config.coap()));
        config.coaps().ifPresent(coaps -> {
            Map<String, Object> section = address(coaps.address());
            coaps.keys().ifPresent(keys -> section.put("keys-file", keys.toString()));
            coaps.certificate().ifPresent(files -> put(section, files));
            coaps.clientCa().ifPresent(ca -> section.put("client-ca", ca.toString()));
            gateway.put("coaps", section);
        });
        Map<String, Object> field = address(config.field().address());
        field.put("networks", config.field().networks());
        gateway.put("field", field);
        gateway.put(GatewayConfig.BRIDGE_QOS_KEY, config.bridgeQos().name());
        Map<String, Object> bridge = new LinkedHashMap<>();
        bridge.put("instances", config.bridgeInstances());
        bridge.put("first-instance", config.firstInstance());
        gateway.put("bridge", bridge);
        Quarantine.Limits limits = config.quarantine().limits();
        Map<String, Object> quarantine = new LinkedHashMap<>();
        quarantine.put("messages", limits.messages());
        quarantine.put("per-device", limits.perDevice());
        quarantine.put("bytes", limits.bytes());
        quarantine.put("life", duration(limits.life()));
        gateway.put("quarantine", quarantine);
        Map<String, Object> proxy = new LinkedHashMap<>();
        proxy.put("in-flight-per-device", config.limits().inFlightPerDevice());
        proxy.put("in-flight-per-access-point", config.limits().inFlightPerAccessPoint());
        proxy.put("waiting-per-device", config.limits().waitingPerDevice());
        proxy.put("waiting-per-access-point", config.limits().waitingPerAccessPoint());
        proxy.put("cache-bytes", config.limits().cacheBytes());
        gateway.put("proxy", proxy);
        return gateway;
    }

    private static Map<String, Object> address(BindAddress address) {
        Map<String, Object> section = new LinkedHashMap<>();
        section.put("bind", address.bind().getHostAddress());
        section.put("port", address.port());
        return section;
    }

    private static void put(Map<String, Object> section, CertificateFiles files) {
        section.put("certificate", files.certificate().toString());
        section.put("key", files.key().toString());
    }
}
