// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.upwell.access.registry.User;
import org.upwell.app.payload.PayloadText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The users who log in with name and password.
@Command(name = "user", description = "Add, list and remove the users who log in with a password")
final class UserCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name what to do: add, list or remove");
    }

    @Command(name = "add", description = "Add a user; asks for the password, or reads it from a pipe")
    void add(
            @Mixin DirectoryOptions directory,
            @Parameters(paramLabel = "NAME", description = "The user's name") String name,
            @Option(
                            names = "--role",
                            paramLabel = "ROLE",
                            required = true,
                            description = "A role of the user, such as OPERATOR or ADMIN; may be repeated")
                    List<String> roles,
            @Option(names = "--password-file", paramLabel = "FILE", description = "Its first line is the password")
                    @Nullable
                    Path passwordFile) {
        String password = NewPassword.read(passwordFile);
        User user = directory.with(access -> access.users().add(name, password, Set.copyOf(roles)));
        print("added user " + PayloadText.printable(user.name()));
    }

    @Command(name = "list", description = "List the users with their roles")
    void list(@Mixin DirectoryOptions directory) {
        for (User user : directory.with(access -> access.users().list())) {
            print(PayloadText.printable(user.name()) + "\t" + String.join(",", new TreeSet<>(user.roles())));
        }
    }

    @Command(name = "remove", description = "Remove a user")
    void remove(
            @Mixin DirectoryOptions directory,
            @Parameters(paramLabel = "NAME", description = "The user's name") String name) {
        directory.with(access -> {
            access.users().remove(name);
            return name;
        });
        print("removed user " + PayloadText.printable(name));
    }

    private void print(String line) {
        spec.commandLine().getOut().println(line);
    }
}
