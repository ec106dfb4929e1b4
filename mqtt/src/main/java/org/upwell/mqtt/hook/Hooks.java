// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt.hook;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.PacketType;

/// The hooks in force, by direction and packet type. Immutable; an empty slot is null so that asking costs one load
/// and no call.
public final class Hooks {

    public static final Hooks NONE = builder().build();

    private final @Nullable List<Interceptor>[] inbound;
    private final @Nullable List<Interceptor>[] outbound;
    private final @Nullable List<PacketAuthorizer> authorizers;
    private final Map<String, EnhancedAuthenticator> authenticators;

    private Hooks(Builder builder) {
        inbound = byType(builder.inbound);
        outbound = byType(builder.outbound);
        authorizers = builder.authorizers.isEmpty() ? null : List.copyOf(builder.authorizers);
        authenticators = Map.copyOf(builder.authenticators);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Java has no generic array creation; only these lists are put in.
    private static @Nullable List<Interceptor>[] byType(Map<PacketType, List<Interceptor>> chains) {
        @Nullable List<Interceptor>[] byType = new List[16];
        chains.forEach((type, chain) -> byType[type.code()] = List.copyOf(chain));
        return byType;
    }

    public static Builder builder() {
        return new Builder();
    }

    /// The chain for packets from clients, null if there is none.
    public @Nullable List<Interceptor> inbound(PacketType type) {
        return inbound[type.code()];
    }

    /// The chain for packets to clients, null if there is none.
    public @Nullable List<Interceptor> outbound(PacketType type) {
        return outbound[type.code()];
    }

    /// Null if there is none.
    public @Nullable List<PacketAuthorizer> authorizers() {
        return authorizers;
    }

    /// Null if there is none of that method.
    public @Nullable EnhancedAuthenticator authenticator(String method) {
        return authenticators.get(method);
    }

    /// Collects hooks; chains run in the order in which they were added.
    public static final class Builder {

        private final Map<PacketType, List<Interceptor>> inbound = new EnumMap<>(PacketType.class);
        private final Map<PacketType, List<Interceptor>> outbound = new EnumMap<>(PacketType.class);
        private final List<PacketAuthorizer> authorizers = new ArrayList<>();
        private final Map<String, EnhancedAuthenticator> authenticators = new HashMap<>();

        private Builder() {}

        public Builder inbound(PacketType type, Interceptor interceptor) {
            inbound.computeIfAbsent(type, key -> new ArrayList<>()).add(interceptor);
            return this;
        }

        public Builder outbound(PacketType type, Interceptor interceptor) {
            outbound.computeIfAbsent(type, key -> new ArrayList<>()).add(interceptor);
            return this;
        }

        public Builder authorizer(PacketAuthorizer authorizer) {
            authorizers.add(authorizer);
            return this;
        }

        /// Takes the place of one with the same method.
        public Builder authenticator(EnhancedAuthenticator authenticator) {
            authenticators.put(authenticator.method(), authenticator);
            return this;
        }

        public Hooks build() {
            return new Hooks(this);
        }
    }
}
