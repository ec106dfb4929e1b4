// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/// How sockets are driven: epoll where its native library loads, else NIO.
///
/// @param socketBufferBytes of the kernel's buffers per connection and direction; 0 leaves them to the kernel,
///     which lets them grow as a connection needs it
record Transport(
        String name, IoHandlerFactory handlers, Class<? extends ServerChannel> serverChannel, int socketBufferBytes) {

    static Transport best() {
        return Epoll.isAvailable()
                ? new Transport("epoll", EpollIoHandler.newFactory(), EpollServerSocketChannel.class, 0)
                : nio();
    }

    static Transport nio() {
        return new Transport("nio", NioIoHandler.newFactory(), NioServerSocketChannel.class, 0);
    }

    Transport withSocketBuffers(int bytes) {
        return new Transport(name, handlers, serverChannel, bytes);
    }
}
