// SPDX-License-Identifier: Apache-2.0
/// Certificates and keys in PEM files: those of a development set-up are made here.
@NullMarked
package org.upwell.app.tls;

import org.jspecify.annotations.NullMarked;
