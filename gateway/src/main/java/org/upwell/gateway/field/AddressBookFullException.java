// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

/// The address book has no room for another device.
public final class AddressBookFullException extends Exception {

    private static final long serialVersionUID = 1L;

    AddressBookFullException() {
        super("address book is full", null, false, false);
    }
}
