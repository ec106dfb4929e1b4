// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/// A network without sockets: remembers what was posted, answers at once as told, or later.
final class FakeNetwork implements NetworkSide {
    record Unanswered(Post post, Consumer<Answer> done) {}

    final List<Post> posts = new ArrayList<>();
    final List<Unanswered> unanswered = new ArrayList<>();
    final List<String> notified = new ArrayList<>();
    final Set<String> observed = new HashSet<>();
    final Set<String> ownObserved = new HashSet<>();
    /// Null leaves the post unanswered.
    Function<Post, Answer> answers =
            post -> new Answer.Response(0x44, post.path().equals("/nic") ? 900 : -1);

    boolean silent;

    List<Post> bubbleUps() {
        return posts.stream()
                .filter(post -> post.path().startsWith("/bubbleup"))
                .toList();
    }

    List<Post> registrations() {
        return posts.stream().filter(post -> post.path().equals("/nic")).toList();
    }

    @Override
    public void post(Post post, Consumer<Answer> done) {
        posts.add(post);
        if (silent) {
            unanswered.add(new Unanswered(post, done));
        } else {
            done.accept(answers.apply(post));
        }
    }

    @Override
    public void open(InetSocketAddress bind) {}

    @Override
    public void close() {}

    @Override
    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    }

    @Override
    public boolean isObserved(String sensorPath) {
        return observed.contains(sensorPath);
    }

    @Override
    public boolean isOwnObserved(String path) {
        return ownObserved.contains(path);
    }

    @Override
    public void notifyObservers(String uri, Reading reading) {
        notified.add(uri);
    }
}
