// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.upwell.broker.owner.Loop;

/// A Netty event loop as the broker sees it.
record EventLoopOwner(EventLoop eventLoop) implements Loop {

    @Override
    public boolean isCurrentThread() {
        return eventLoop.inEventLoop();
    }

    @Override
    public void execute(Runnable task) {
        eventLoop.execute(task);
    }

    @Override
    public Cancellation schedule(Duration delay, Runnable task) {
        Future<?> scheduled = eventLoop.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }
}
