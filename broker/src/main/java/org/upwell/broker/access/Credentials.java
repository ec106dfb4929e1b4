// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

import org.jspecify.annotations.Nullable;

/// What a CONNECT offers as proof of identity. `password` is owned by the receiver of this object and never logged.
///
/// @param listener the name of the listener that accepted the connection
public record Credentials(String listener, @Nullable String userName, byte @Nullable [] password) {

    /// Never shows the password.
    @Override
    public String toString() {
        return "Credentials[listener=" + listener + ", userName=" + userName + "]";
    }
}
