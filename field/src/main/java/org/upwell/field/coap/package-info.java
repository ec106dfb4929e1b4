// SPDX-License-Identifier: Apache-2.0
/// CoAP messages as they travel on the UART (RFC 7252 §3); JDK only.
@NullMarked
package org.upwell.field.coap;

import org.jspecify.annotations.NullMarked;
