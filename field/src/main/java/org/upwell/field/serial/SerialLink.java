// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.serial;

import com.fazecast.jSerialComm.SerialPort;
import com.fazecast.jSerialComm.SerialPortInvalidPortException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.upwell.field.link.ByteLink;
import org.upwell.field.link.StreamLink;

/// Opens serial ports at 38400 baud, 8N1, no flow control: real ones and pseudo-terminals alike. There is no wake line
/// here, so a NIC on such a link lives by its own timer.
public final class SerialLink {
    private static final int BAUD = 38_400;
    private static final int DATA_BITS = 8;
    private static final int NO_SAFETY_SLEEP = 0;

    private SerialLink() {}

    /// @throws IOException when the port cannot be opened, saying why as far as that is known
    public static ByteLink open(String path) throws IOException {
        SerialPort port;
        try {
            port = SerialPort.getCommPort(path);
        } catch (SerialPortInvalidPortException e) {
            throw new IOException("there is no serial port " + path, e);
        }
        port.setComPortParameters(BAUD, DATA_BITS, SerialPort.ONE_STOP_BIT, SerialPort.NO_PARITY);
        port.setFlowControl(SerialPort.FLOW_CONTROL_DISABLED);
        port.setComPortTimeouts(SerialPort.TIMEOUT_READ_SEMI_BLOCKING, 0, 0);
        if (!port.openPort(NO_SAFETY_SLEEP)) {
            throw new IOException("serial port " + path + " cannot be opened: " + cause(path, port));
        }
        return new StreamLink(
                path, port.getInputStreamWithSuppressedTimeoutExceptions(), port.getOutputStream(), port::closePort);
    }

    private static String cause(String path, SerialPort port) {
        Path file = Path.of(path);
        if (file.isAbsolute() && !Files.isReadable(file)) {
            return "no permission to read it";
        }
        return "error " + port.getLastErrorCode() + " (is it in use?)";
    }
}
