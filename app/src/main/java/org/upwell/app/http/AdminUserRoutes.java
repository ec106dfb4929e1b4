// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.upwell.access.registry.User;
import org.upwell.access.registry.Users;

/// Administration of the users who log in with a password.
final class AdminUserRoutes implements Routes {

    private static final String ALL = "/api/admin/users";
    private static final String ONE = ALL + "/{user}";

    private record UserList(List<UserView> users) {}

    private record UserView(String name, List<String> roles) {}

    private final Users users;
    private final Callers callers;

    AdminUserRoutes(Users users, Callers callers) {
        this.users = users;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get(ALL, this::list).post(ALL, this::add).put(ONE, this::change).delete(ONE, this::remove);
    }

    private static String name(ServerRequest request) {
        return request.path().pathParameters().get("user");
    }

    private static UserView view(User user) {
        return new UserView(user.name(), user.roles().stream().sorted().toList());
    }

    private void list(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        List<UserView> listed = users.list().stream().map(AdminUserRoutes::view).toList();
        Json.send(response, 200, new UserList(listed));
    }

    private void add(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        JsonBody body = Json.read(request);
        String name = body.text("name");
        String password = body.text("password");
        List<String> roles = body.textsOrNull("roles");
        body.finish();
        User user = users.add(name, password, roles == null ? Set.of() : Set.copyOf(roles));
        Json.send(response, 201, view(user));
    }

    private void change(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        JsonBody body = Json.read(request);
        String password = body.textOrNull("password");
        List<String> roles = body.textsOrNull("roles");
        body.finish();
        if (password == null && roles == null) {
            throw HttpFault.badRequest("'password' or 'roles' must be there");
        }
        String name = name(request);
        if (roles != null) {
            users.changeRoles(name, Set.copyOf(roles));
        }
        if (password != null) {
            users.changePassword(name, password);
        }
        User user = users.find(name).orElseThrow(() -> HttpFault.notFound("there is no such user"));
        Json.send(response, 200, view(user));
    }

    private void remove(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        users.remove(name(request));
        response.status(204).send();
    }
}
