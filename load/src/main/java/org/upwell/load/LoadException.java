// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// A run could not be made or not be ended; the message is for the person who started it.
public final class LoadException extends Exception {
    private static final long serialVersionUID = 1L;

    public LoadException(String message) {
        super(message);
    }

    public LoadException(String message, Throwable cause) {
        super(message, cause);
    }
}
