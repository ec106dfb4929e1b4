// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Fault;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Node;

/// The whole configuration of a server or of a gateway process. Immutable.
///
/// @param dataDirectory holds users, tenants, devices, roles, keys and certificates
/// @param gateway absent: none runs
public record UpwellConfig(
        Path dataDirectory,
        Durability durability,
        StoreConfig store,
        AccessConfig access,
        MqttConfig mqtt,
        HttpConfig http,
        HttpsConfig https,
        ObservationsConfig observations,
        Optional<GatewayConfig> gateway) {

    /// Reads a file whole.
    ///
    /// @throws InvalidConfigException with all faults
    /// @throws IOException if the file cannot be read
    public static UpwellConfig load(Path file) throws InvalidConfigException, IOException {
        String text;
        try {
            text = Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new InvalidConfigException(List.of(new Fault(file, 1, "not UTF-8 text")));
        }
        return parse(file, text);
    }

    /// What an empty file means.
    public static UpwellConfig defaults() {
        return read(new Section("", new Node.Mapping(Map.of(), 1), new Faults(Path.of("defaults"))));
    }

    static UpwellConfig parse(Path file, String text) throws InvalidConfigException {
        Faults faults = new Faults(file);
        Node.Mapping root = Documents.yaml(text.getBytes(StandardCharsets.UTF_8), faults);
        if (root.entries().isEmpty() && !faults.isEmpty()) {
            // Not YAML at all: what is missing in it is not worth telling.
            throw new InvalidConfigException(faults.all());
        }
        UpwellConfig config = read(new Section("", root, faults));
        if (!faults.isEmpty()) {
            throw new InvalidConfigException(faults.all());
        }
        return config;
    }

    private static UpwellConfig read(Section section) {
        Path dataDirectory = section.path("data-directory").orElse(Path.of("upwell-data"));
        Durability durability = section.choice("durability", Durability.SYNC, Durability::spelling);
        StoreConfig store = StoreConfig.read(section.section("store"));
        AccessConfig access = AccessConfig.read(section.section("access"));
        MqttConfig mqtt = MqttConfig.read(section.section("mqtt"));
        HttpConfig http = HttpConfig.read(section.section("http"));
        HttpsConfig https = HttpsConfig.read(section.section("https"));
        ObservationsConfig observations = ObservationsConfig.read(section.section("observations"));
        Optional<GatewayConfig> gateway =
                section.has("gateway") ? Optional.of(GatewayConfig.read(section.section("gateway"))) : Optional.empty();
        section.refuseUnknownKeys();
        return new UpwellConfig(dataDirectory, durability, store, access, mqtt, http, https, observations, gateway);
    }
}
