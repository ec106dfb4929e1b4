// SPDX-License-Identifier: Apache-2.0
/// Where other code may watch, change, delay or prevent what a connection does.
@NullMarked
package org.upwell.mqtt.hook;

import org.jspecify.annotations.NullMarked;
