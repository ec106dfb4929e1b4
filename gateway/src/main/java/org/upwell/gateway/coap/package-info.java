// SPDX-License-Identifier: Apache-2.0
/// What both listeners need of CoAP: endpoints, source filter, options and answers that take their time.
@NullMarked
package org.upwell.gateway.coap;

import org.jspecify.annotations.NullMarked;
