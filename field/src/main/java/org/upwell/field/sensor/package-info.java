// SPDX-License-Identifier: Apache-2.0
/// The sensor: a CoAP server behind HDLC that behaves as the running firmware does; JDK only.
@NullMarked
package org.upwell.field.sensor;

import org.jspecify.annotations.NullMarked;
