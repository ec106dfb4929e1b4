// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// The store could not do what was asked. After a failed write nothing more is acknowledged from it.
public final class StoreException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
