// SPDX-License-Identifier: Apache-2.0
/// An asynchronous MQTT client on our own codec: for the gateway's bridge, the command line and load runs.
@NullMarked
package org.upwell.client;

import org.jspecify.annotations.NullMarked;
