// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

/// Told of each notification on the thread that owns its device; must not block.
public interface MeshListener {
    /// A device has made a notification and is about to send it; it counts once, however often it is repeated.
    ///
    /// @param device counted from 0
    /// @param sequence the NIC's own number, which goes on over its restarts
    default void onMade(int device, int sequence) {}

    /// The NIC's own rules gave it up.
    default void onDropped(int device, int sequence) {}
}
