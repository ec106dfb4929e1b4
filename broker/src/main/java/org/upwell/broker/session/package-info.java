// SPDX-License-Identifier: Apache-2.0
/// Sessions: queues, in-flight state, mailboxes, and the directory that finds them by tenant and client id.
@NullMarked
package org.upwell.broker.session;

import org.jspecify.annotations.NullMarked;
