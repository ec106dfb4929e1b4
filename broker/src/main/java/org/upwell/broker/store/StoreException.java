// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// The store could not do what was asked. After a failed write nothing more is acknowledged from it.
public sealed class StoreException extends RuntimeException permits StoreFullException {

    private static final long serialVersionUID = 1L;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
