// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

/// A command could not do what it was asked; the message is for the person who asked.
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CommandFailure(String message) {
        super(message);
    }

    CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
