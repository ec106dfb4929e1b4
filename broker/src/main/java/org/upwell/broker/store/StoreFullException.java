// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// There is no space for a message now. Nothing of it is kept, and the store goes on.
public final class StoreFullException extends StoreException {

    private static final long serialVersionUID = 1L;

    public StoreFullException(String message) {
        super(message);
    }
}
