// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.file.SharedDirectory;
import org.upwell.access.file.WholeFile;

/// A certificate authority and a server certificate for development, made in the folder `tls` of the data
/// directory. Clients are given the authority's certificate and can then check the host name as they would in
/// production.
///
/// @param authority PEM file for clients to trust
/// @param server for the listeners of this machine
public record DevelopmentCertificates(Path authority, TlsFiles server) {

    private static final Logger LOG = LoggerFactory.getLogger(DevelopmentCertificates.class);

    private static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);

    /// Some clients refuse server certificates that live longer.
    private static final Duration SERVER_LIFE = Duration.ofDays(397);

    /// Renewed by the first start within so long of its end.
    private static final Duration RENEW_BEFORE = Duration.ofDays(60);

    private static final Set<String> ADDRESSES = Set.of("127.0.0.1", "::1");

    private static final String AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    private static final String SUBJECT_KEY_IDENTIFIER = "2.5.29.14";

    /// The octets of a key identifier, which end the extensions that hold one.
    private static final int KEY_IDENTIFIER_BYTES = 20;

    /// Makes what is missing, about to end or for another host name, and leaves the rest alone. Processes that
    /// share the data directory may call this at the same time.
    ///
    /// @throws IOException if a file cannot be written, or one that is there cannot be used
    public static DevelopmentCertificates ensure(Path dataDirectory, InstantSource clock) throws IOException {
        // Readable for all, unlike the keys in it: clients of other users need the authority's certificate.
        Path directory = Files.createDirectories(dataDirectory.resolve("tls"));
        try (SharedDirectory folder = SharedDirectory.open(directory)) {
            Path path = folder.path();
            DevelopmentCertificates files = new DevelopmentCertificates(
                    path.resolve("ca.pem"), new TlsFiles(path.resolve("server.pem"), path.resolve("server-key.pem")));
            return folder.locked(() -> {
                try {
                    files.ensureServer(files.ensureAuthority(clock), clock);
                } catch (GeneralSecurityException e) {
                    throw new IOException("cannot make certificates in " + path + ": " + e.getMessage(), e);
                }
                return files;
            });
        }
    }

    private Path authorityKey() {
        return authority.resolveSibling("ca-key.pem");
    }

    private X509Certificate ensureAuthority(InstantSource clock) throws IOException, GeneralSecurityException {
        if (Files.exists(authority) && Files.exists(authorityKey())) {
            X509Certificate certificate = PemFiles.certificates(authority).getFirst();
            if (lastsBeyond(certificate, clock.instant().plus(SERVER_LIFE))) {
                return certificate;
            }
            LOG.warn("{} is about to end; clients must trust the new one", authority);
        }
        Identity made = CertificateIssuer.authority("Upwell development CA", AUTHORITY_LIFE, clock.instant());
        // Key first: a certificate without its key would be made again, a key without certificate is not used.
        writeKey(authorityKey(), made);
        writeCertificate(authority, made);
        return made.certificate();
    }

    private void ensureServer(X509Certificate authorityCertificate, InstantSource clock)
            throws IOException, GeneralSecurityException {
        Set<String> hosts = hosts();
        if (Files.exists(server.certificate()) && Files.exists(server.key())) {
            X509Certificate certificate =
                    PemFiles.certificates(server.certificate()).getFirst();
            if (lastsBeyond(certificate, clock.instant().plus(RENEW_BEFORE))
                    && isFrom(certificate, authorityCertificate)
                    && isFor(certificate, hosts)) {
                return;
            }
        }
        Identity issuer = new Identity(authorityCertificate, PemFiles.privateKey(authorityKey()));
        Identity made = CertificateIssuer.server(
                "Upwell development server", hosts, ADDRESSES, issuer, SERVER_LIFE, clock.instant());
        Files.deleteIfExists(server.certificate());
        writeKey(server.key(), made);
        writeCertificate(server.certificate(), made);
    }

    private static boolean lastsBeyond(X509Certificate certificate, Instant instant) {
        return certificate.getNotAfter().toInstant().isAfter(instant);
    }

    /// True if the certificate names the issuer's key. Its signature is not looked at: both files are our own, and
    /// elliptic curves in a JVM that just began take longer than all else here.
    private static boolean isFrom(X509Certificate certificate, X509Certificate issuer) {
        byte[] named = keyIdentifier(certificate, AUTHORITY_KEY_IDENTIFIER);
        return named.length > 0 && Arrays.equals(named, keyIdentifier(issuer, SUBJECT_KEY_IDENTIFIER));
    }

    private static byte[] keyIdentifier(X509Certificate certificate, String extension) {
        byte[] value = certificate.getExtensionValue(extension);
        return value == null || value.length < KEY_IDENTIFIER_BYTES
                ? new byte[0]
                : Arrays.copyOfRange(value, value.length - KEY_IDENTIFIER_BYTES, value.length);
    }

    private static boolean isFor(X509Certificate certificate, Set<String> hosts) throws GeneralSecurityException {
        Set<String> names = names(certificate);
        return names.containsAll(hosts) && names.containsAll(ADDRESSES);
    }

    private static Set<String> names(X509Certificate certificate) throws GeneralSecurityException {
        Set<String> names = new HashSet<>();
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
            alternatives.forEach(alternative -> names.add(plain(String.valueOf(alternative.get(1)))));
        }
        return names;
    }

    private static String plain(String address) {
        // How the JDK writes the loopback address of IPv6.
        return address.equals("0:0:0:0:0:0:0:1") ? "::1" : address;
    }

    private static Set<String> hosts() {
        Set<String> hosts = new HashSet<>(Set.of("localhost"));
        try {
            String name = InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
            boolean isName = name.matches("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?") && !name.matches("[0-9.]+");
            if (isName) {
                hosts.add(name);
            }
        } catch (UnknownHostException e) {
            LOG.debug("This machine has no name; its certificate is for localhost only", e);
        }
        return hosts;
    }

    private static void writeCertificate(Path file, Identity identity) throws IOException, GeneralSecurityException {
        String text = PemPart.write("CERTIFICATE", identity.certificate().getEncoded());
        WholeFile.replace(file, text.getBytes(StandardCharsets.US_ASCII), WholeFile.Readers.EVERYBODY);
    }

    /// PKCS #8, which every TLS library reads.
    private static void writeKey(Path file, Identity identity) throws IOException {
        String text = PemPart.write("PRIVATE KEY", identity.key().getEncoded());
        WholeFile.replace(file, text.getBytes(StandardCharsets.US_ASCII), WholeFile.Readers.OWNER);
    }
}
