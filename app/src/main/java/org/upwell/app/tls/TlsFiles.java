// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.nio.file.Path;

/// What a TLS listener shows its peers.
///
/// @param certificate PEM file, the server's own certificate first, then those that lead to its CA
/// @param key PEM file with the private key of the first certificate
public record TlsFiles(Path certificate, Path key) {}
