// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

/// A change to users, tenants or devices was refused; nothing was changed. The message says why, for whoever asked.
public final class RegistryException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /// What kind of refusal it is.
    public enum Fault {
        /// What was asked for makes no sense by itself.
        INVALID,
        /// What it is about does not exist.
        NOT_FOUND,
        /// It contradicts what is there.
        CONFLICT
    }

    private final Fault fault;

    private RegistryException(Fault fault, String message) {
        super(message);
        this.fault = fault;
    }

    static RegistryException invalid(String message) {
        return new RegistryException(Fault.INVALID, message);
    }

    static RegistryException notFound(String message) {
        return new RegistryException(Fault.NOT_FOUND, message);
    }

    static RegistryException conflict(String message) {
        return new RegistryException(Fault.CONFLICT, message);
    }

    public Fault fault() {
        return fault;
    }
}
