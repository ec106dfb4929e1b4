// SPDX-License-Identifier: Apache-2.0
/// CoAP under DTLS 1.2, with connection IDs.
@NullMarked
package org.upwell.gateway.dtls;

import org.jspecify.annotations.NullMarked;
