// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The properties of one packet or will, in the order in which they were read or added. Immutable.
///
/// Kept as two parallel arrays rather than a map: packets carry few properties, user properties repeat and their
/// order must survive ([MQTT-3.3.2-18]).
public final class Properties {

    public static final Properties NONE = new Properties(new Property[0], new Object[0]);

    private final Property[] keys;
    private final Object[] values;

    /// Keeps both arrays, which must be of one length and never be written again.
    Properties(Property[] keys, Object[] values) {
        this.keys = keys;
        this.values = values;
    }

    public static Builder builder() {
        return new Builder();
    }

    public boolean isEmpty() {
        return keys.length == 0;
    }

    public int size() {
        return keys.length;
    }

    public Property key(int index) {
        return keys[index];
    }

    /// The value at `index`: [Long] for integers, [String], `byte[]` (not copied: do not write), [UserProperty].
    public Object value(int index) {
        return values[index];
    }

    public boolean has(Property property) {
        return find(property) != null;
    }

    /// The first value of an integer property.
    public OptionalLong integer(Property property) {
        Object value = find(property);
        return value == null ? OptionalLong.empty() : OptionalLong.of((Long) value);
    }

    /// The first value of an integer property, or `absent`.
    public long integer(Property property, long absent) {
        Object value = find(property);
        return value == null ? absent : (Long) value;
    }

    public @Nullable String string(Property property) {
        return (String) find(property);
    }

    /// The value of a binary property, not copied: do not write.
    public byte @Nullable [] binary(Property property) {
        return (byte[]) find(property);
    }

    /// All user properties in order ([MQTT-3.3.2-18]).
    public List<UserProperty> userProperties() {
        List<UserProperty> all = new ArrayList<>();
        for (Object value : values) {
            if (value instanceof UserProperty pair) {
                all.add(pair);
            }
        }
        return all;
    }

    /// The value of the first user property of a name.
    public @Nullable String userProperty(String name) {
        for (Object value : values) {
            if (value instanceof UserProperty pair && pair.name().equals(name)) {
                return pair.value();
            }
        }
        return null;
    }

    /// These without any `property`.
    public Properties without(Property property) {
        if (!has(property)) {
            return this;
        }
        Builder rest = builder();
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] != property) {
                rest.put(keys[i], values[i]);
            }
        }
        return rest.build();
    }

    private @Nullable Object find(Property property) {
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] == property) {
                return values[i];
            }
        }
        return null;
    }

    /// Equal when the same properties stand in the same order; binary values are compared by content.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Properties that
                && Arrays.equals(keys, that.keys)
                && Arrays.deepEquals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(keys) + Arrays.deepHashCode(values);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < keys.length; i++) {
            text.append(i == 0 ? "" : ", ").append(keys[i]).append('=');
            text.append(values[i] instanceof byte[] bytes ? bytes.length + " bytes" : values[i]);
        }
        return text.append('}').toString();
    }

    /// Collects properties; checks value types and ranges, not which packet may carry what (that is the decoder's
    /// table).
    public static final class Builder {

        private final List<Property> keys = new ArrayList<>();
        private final List<Object> values = new ArrayList<>();

        private Builder() {}

        /// @throws IllegalArgumentException if `property` is not an integer or cannot have this value
        public Builder integer(Property property, long value) {
            if (!property.allows(value)) {
                throw new IllegalArgumentException(property + " cannot be " + value);
            }
            return put(property, value);
        }

        public Builder string(Property property, String value) {
            if (property.valueType() != Property.Type.STRING) {
                throw new IllegalArgumentException(property + " is not a string");
            }
            return put(property, value);
        }

        /// Keeps `value` without copying it.
        public Builder binary(Property property, byte[] value) {
            if (property.valueType() != Property.Type.BINARY) {
                throw new IllegalArgumentException(property + " is not binary");
            }
            return put(property, value);
        }

        public Builder user(String name, String value) {
            return put(Property.USER_PROPERTY, new UserProperty(name, value));
        }

        /// Adds all of `other` behind what is here.
        public Builder all(Properties other) {
            for (int i = 0; i < other.keys.length; i++) {
                put(other.keys[i], other.values[i]);
            }
            return this;
        }

        private Builder put(Property property, Object value) {
            keys.add(property);
            values.add(value);
            return this;
        }

        public Properties build() {
            return keys.isEmpty() ? NONE : new Properties(keys.toArray(new Property[0]), values.toArray(new Object[0]));
        }
    }
}
