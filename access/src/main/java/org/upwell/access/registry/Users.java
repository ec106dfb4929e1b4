// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.upwell.access.Printable;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Fields;
import org.upwell.access.file.Node;
import org.upwell.access.file.SharedDirectory;
import org.upwell.access.file.SharedFile;
import org.upwell.access.role.RoleTable;

/// The users who log in with a password, kept in `users.json`. Reading answers from memory; a change is on disk
/// when the call returns. Safe for all threads; changes block and hash passwords, so not on an event loop.
public final class Users {

    private static final int FORMAT = 1;
    private static final int MAX_NAME_BYTES = 128;

    private final SharedFile<Map<String, User>> file;
    private final Supplier<RoleTable> roles;

    Users(SharedDirectory directory, Supplier<RoleTable> roles, Consumer<AccessChange> changes) throws IOException {
        this.file = directory.shared("users.json", Users::parse, Users::write, Map.of());
        this.roles = roles;
        file.onChange((before, after) -> tell(before, after, changes));
    }

    public Optional<User> find(String name) {
        return Optional.ofNullable(file.value().get(name));
    }

    /// By name.
    public List<User> list() {
        return List.copyOf(file.value().values());
    }

    /// @throws RegistryException if the name is taken or a part is not allowed
    public User add(String name, String password, Set<String> userRoles) throws IOException {
        checkName(name);
        checkRoles(userRoles);
        User user = new User(name, hash(password), userRoles);
        file.update(users -> {
            if (users.containsKey(name)) {
                throw RegistryException.conflict("user '" + Printable.cut(name, 80) + "' exists already");
            }
            return with(users, user);
        });
        return user;
    }

    /// @throws RegistryException if there is no such user or the password is not allowed
    public void changePassword(String name, String password) throws IOException {
        PasswordHash hash = hash(password);
        change(name, user -> new User(name, hash, user.roles()));
    }

    /// @throws RegistryException if there is no such user or no such role
    public void changeRoles(String name, Set<String> userRoles) throws IOException {
        checkRoles(userRoles);
        change(name, user -> new User(name, user.password(), userRoles));
    }

    /// @throws RegistryException if there is no such user
    public void remove(String name) throws IOException {
        file.update(users -> {
            Map<String, User> changed = new TreeMap<>(users);
            if (changed.remove(name) == null) {
                throw noSuchUser(name);
            }
            return changed;
        });
    }

    private void change(String name, UnaryOperator<User> edit) throws IOException {
        file.update(users -> {
            User user = users.get(name);
            if (user == null) {
                throw noSuchUser(name);
            }
            return with(users, edit.apply(user));
        });
    }

    private static Map<String, User> with(Map<String, User> users, User user) {
        Map<String, User> changed = new TreeMap<>(users);
        changed.put(user.name(), user);
        return changed;
    }

    private static RegistryException noSuchUser(String name) {
        return RegistryException.notFound("there is no user '" + Printable.cut(name, 80) + "'");
    }

    private static PasswordHash hash(String password) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > PasswordHash.MAX_PASSWORD_BYTES) {
            throw RegistryException.invalid("the password must have 1 to " + PasswordHash.MAX_PASSWORD_BYTES
                    + " bytes, it has " + bytes.length);
        }
        return PasswordHash.of(bytes);
    }

    private void checkRoles(Set<String> userRoles) {
        RoleTable table = roles.get();
        Set<String> unknown = new TreeSet<>(userRoles);
        unknown.removeAll(table.names());
        if (!unknown.isEmpty()) {
            throw RegistryException.invalid("unknown role " + Printable.cut(String.join(", ", unknown), 200)
                    + " (known: " + String.join(", ", new TreeSet<>(table.names())) + ")");
        }
    }

    private static String checkName(String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        // A colon would end the name in HTTP Basic (RFC 7617 §2).
        boolean allowed = bytes > 0
                && bytes <= MAX_NAME_BYTES
                && name.indexOf(':') < 0
                && name.chars().noneMatch(Character::isISOControl);
        if (!allowed) {
            throw RegistryException.invalid("user name '" + Printable.cut(name, 80) + "' must have 1 to "
                    + MAX_NAME_BYTES + " bytes without ':' and control characters");
        }
        return name;
    }

    private static void tell(Map<String, User> before, Map<String, User> after, Consumer<AccessChange> changes) {
        Set<String> names = new TreeSet<>(before.keySet());
        names.addAll(after.keySet());
        for (String name : names) {
            if (!Objects.equals(before.get(name), after.get(name))) {
                changes.accept(new AccessChange.UserChanged(name));
            }
        }
    }

    private static Map<String, User> parse(byte[] content, Faults faults) {
        Fields root = Fields.root(Documents.json(content, faults), FORMAT, faults);
        Map<String, User> users = new TreeMap<>();
        for (Map.Entry<String, Node> entry : root.entries("users").entrySet()) {
            String name = entry.getKey();
            Fields fields = Fields.of(entry.getValue(), "user '" + Printable.cut(name, 80) + "'", faults);
            try {
                checkName(name);
            } catch (RegistryException e) {
                faults.add(entry.getValue().line(), String.valueOf(e.getMessage()));
            }
            PasswordHash hash = fields.parsed("password", PasswordHash::parse);
            Set<String> userRoles = Set.copyOf(fields.texts("roles"));
            fields.finish();
            if (hash != null) {
                users.put(name, new User(name, hash, userRoles));
            }
        }
        root.finish();
        return users;
    }

    private static byte[] write(Map<String, User> users) {
        return Documents.writeJson(json -> {
            json.writeNumberProperty("format", FORMAT);
            json.writeName("users");
            json.writeStartObject();
            for (User user : users.values()) {
                json.writeName(user.name());
                json.writeStartObject();
                json.writeStringProperty("password", user.password().text());
                Documents.writeTexts(json, "roles", user.roles());
                json.writeEndObject();
            }
            json.writeEndObject();
        });
    }
}
