// SPDX-License-Identifier: Apache-2.0
/// MQTT packets and their bytes: decoding and encoding on Netty buffers, without I/O and without a clock.
@NullMarked
package org.upwell.codec;

import org.jspecify.annotations.NullMarked;
