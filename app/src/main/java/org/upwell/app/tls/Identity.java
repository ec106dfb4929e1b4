// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/// An authority or server: certificate with key.
record Identity(X509Certificate certificate, PrivateKey key) {}
