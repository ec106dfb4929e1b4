// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.upwell.gateway.coap.CoapListener;
import org.upwell.gateway.coap.CoapTimes;

/// A device at a gateway's field listener.
final class FieldPeer implements AutoCloseable {
    static final String MAC = "001350050047dd92";

    private final CoapEndpoint endpoint;
    private final InetSocketAddress field;

    private FieldPeer(CoapEndpoint endpoint, InetSocketAddress field) {
        this.endpoint = endpoint;
        this.field = field;
    }

    static FieldPeer at(InetSocketAddress field) throws IOException {
        CoapEndpoint endpoint = new CoapEndpoint.Builder()
                .setConfiguration(CoapListener.configuration(CoapTimes.DEFAULT))
                .setInetSocketAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .build();
        endpoint.start();
        return new FieldPeer(endpoint, field);
    }

    int port() {
        return endpoint.getAddress().getPort();
    }

    void register() throws Exception {
        post("nic?mac=" + MAC + "&boot=1", "");
    }

    void bubbleUp(int sequence) throws Exception {
        post("bubbleup/read?mac=" + MAC + "&uri=/snsr/arduino/temp?sens&boot=1&seq=" + sequence, "1,2.00,C");
    }

    private void post(String pathAndQuery, String payload) throws Exception {
        CoapClient client = new CoapClient("coap://127.0.0.1:" + field.getPort() + "/" + pathAndQuery);
        client.setEndpoint(endpoint);
        assertThat(client.post(payload, 0).isSuccess()).isTrue();
    }

    @Override
    public void close() {
        endpoint.destroy();
    }
}
