// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;
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

    /// Clients' clocks may be slow.
    private static final Duration BACKDATED = Duration.ofHours(1);

    private static final List<String> ADDRESSES = List.of("127.0.0.1", "::1");

    private static final String AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    private static final String SUBJECT_KEY_IDENTIFIER = "2.5.29.14";

    /// The octets of a key identifier, which end the extensions that hold one.
    private static final int KEY_IDENTIFIER_BYTES = 20;

    /// An authority or server: certificate with key.
    private record Identity(X509Certificate certificate, PrivateKey key) {}

    /// What a certificate is to say.
    private record Subject(String name, Duration life, Set<String> hosts) {}

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
                } catch (GeneralSecurityException | OperatorCreationException e) {
                    throw new IOException("cannot make certificates in " + path + ": " + e.getMessage(), e);
                }
                return files;
            });
        }
    }

    private Path authorityKey() {
        return authority.resolveSibling("ca-key.pem");
    }

    private X509Certificate ensureAuthority(InstantSource clock)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        if (Files.exists(authority) && Files.exists(authorityKey())) {
            X509Certificate certificate = PemFiles.certificates(authority).getFirst();
            if (lastsBeyond(certificate, clock.instant().plus(SERVER_LIFE))) {
                return certificate;
            }
            LOG.warn("{} is about to end; clients must trust the new one", authority);
        }
        Subject subject = new Subject("Upwell development CA", AUTHORITY_LIFE, Set.of());
        Identity made = make(subject, null, clock.instant());
        // Key first: a certificate without its key would be made again, a key without certificate is not used.
        WholeFile.replace(
                authorityKey(), keyPem(made.key()).getBytes(StandardCharsets.US_ASCII), WholeFile.Readers.OWNER);
        WholeFile.replace(
                authority, pem(made.certificate()).getBytes(StandardCharsets.US_ASCII), WholeFile.Readers.EVERYBODY);
        return made.certificate();
    }

    private void ensureServer(X509Certificate authorityCertificate, InstantSource clock)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        Set<String> hosts = hosts();
        if (Files.exists(server.certificate()) && Files.exists(server.key())) {
            X509Certificate certificate =
                    PemFiles.certificates(server.certificate()).getFirst();
            if (lastsBeyond(certificate, clock.instant().plus(RENEW_BEFORE))
                    && isFrom(certificate, authorityCertificate)
                    && names(certificate).containsAll(hosts)) {
                return;
            }
        }
        Identity issuer = new Identity(authorityCertificate, PemFiles.privateKey(authorityKey()));
        Identity made = make(new Subject("Upwell development server", SERVER_LIFE, hosts), issuer, clock.instant());
        Files.deleteIfExists(server.certificate());
        WholeFile.replace(
                server.key(), keyPem(made.key()).getBytes(StandardCharsets.US_ASCII), WholeFile.Readers.OWNER);
        WholeFile.replace(
                server.certificate(),
                pem(made.certificate()).getBytes(StandardCharsets.US_ASCII),
                WholeFile.Readers.EVERYBODY);
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
        Set<String> hosts = new HashSet<>(ADDRESSES);
        hosts.add("localhost");
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

    private static Identity make(Subject subject, @Nullable Identity issuer, Instant now)
            throws GeneralSecurityException, CertIOException, OperatorCreationException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        X500Name name = new X500Name("CN=" + subject.name());
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                issuer == null
                        ? name
                        : X500Name.getInstance(
                                issuer.certificate().getSubjectX500Principal().getEncoded()),
                new BigInteger(120, new SecureRandom()).setBit(0),
                Date.from(now.minus(BACKDATED)),
                Date.from(now.plus(subject.life())),
                name,
                pair.getPublic());
        JcaX509ExtensionUtils utilities = new JcaX509ExtensionUtils();
        builder.addExtension(
                Extension.subjectKeyIdentifier, false, utilities.createSubjectKeyIdentifier(pair.getPublic()));
        if (issuer == null) {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        } else {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    utilities.createAuthorityKeyIdentifier(issuer.certificate().getPublicKey()));
            builder.addExtension(Extension.subjectAlternativeName, false, alternativeNames(subject.hosts()));
        }
        PrivateKey signer = issuer == null ? pair.getPrivate() : issuer.key();
        X509Certificate certificate = new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer)));
        return new Identity(certificate, pair.getPrivate());
    }

    private static GeneralNames alternativeNames(Set<String> hosts) {
        List<GeneralName> names = new ArrayList<>();
        for (String host : hosts.stream().sorted().toList()) {
            names.add(new GeneralName(ADDRESSES.contains(host) ? GeneralName.iPAddress : GeneralName.dNSName, host));
        }
        return new GeneralNames(names.toArray(GeneralName[]::new));
    }

    private static String pem(X509Certificate certificate) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(certificate);
        }
        return text.toString();
    }

    /// PKCS #8, which every TLS library reads.
    private static String keyPem(PrivateKey key) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(new JcaPKCS8Generator(key, null));
        }
        return text.toString();
    }
}
