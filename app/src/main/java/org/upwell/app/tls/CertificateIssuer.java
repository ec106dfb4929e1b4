// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
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
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.bouncycastle.operator.RuntimeOperatorException;

/// Makes elliptic-curve keys and certificates for them, signed with one private key.
///
/// The only class that names the certificate library's types, and one of that library's types itself: a start-up
/// cache takes in no class whose interface comes from a signed jar. A class of ours in it that merely used the
/// library would have the JVM open the library at every start, and check the digests of its 5,000 classes.
final class CertificateIssuer implements ContentSigner {

    private static final String ALGORITHM = "SHA256withECDSA";

    /// Clients' clocks may be slow.
    private static final Duration BACKDATED = Duration.ofHours(1);

    private final PrivateKey key;
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();

    private CertificateIssuer(PrivateKey key) {
        this.key = key;
    }

    /// A new authority that vouches for itself.
    ///
    /// @param name its common name
    static Identity authority(String name, Duration life, Instant now) throws GeneralSecurityException {
        KeyPair pair = newKey();
        X500Name subject = new X500Name("CN=" + name);
        try {
            X509v3CertificateBuilder builder = builder(subject, subject, pair, life, now);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return identity(builder, pair, pair.getPrivate());
        } catch (CertIOException e) {
            throw new GeneralSecurityException(e.getMessage(), e);
        }
    }

    /// A new server of an authority.
    ///
    /// @param name its common name
    /// @param hosts host names by which clients may call it
    /// @param addresses IP addresses by which they may
    static Identity server(
            String name, Set<String> hosts, Set<String> addresses, Identity authority, Duration life, Instant now)
            throws GeneralSecurityException {
        KeyPair pair = newKey();
        X500Name issuer = X500Name.getInstance(
                authority.certificate().getSubjectX500Principal().getEncoded());
        try {
            X509v3CertificateBuilder builder = builder(issuer, new X500Name("CN=" + name), pair, life, now);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils()
                            .createAuthorityKeyIdentifier(
                                    authority.certificate().getPublicKey()));
            builder.addExtension(Extension.subjectAlternativeName, false, alternativeNames(hosts, addresses));
            return identity(builder, pair, authority.key());
        } catch (CertIOException e) {
            throw new GeneralSecurityException(e.getMessage(), e);
        }
    }

    private static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static X509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, KeyPair pair, Duration life, Instant now)
            throws GeneralSecurityException, CertIOException {
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(120, new SecureRandom()).setBit(0),
                Date.from(now.minus(BACKDATED)),
                Date.from(now.plus(life)),
                subject,
                pair.getPublic());
        return builder.addExtension(
                Extension.subjectKeyIdentifier,
                false,
                new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
    }

    private static GeneralNames alternativeNames(Set<String> hosts, Set<String> addresses) {
        List<GeneralName> names = new ArrayList<>();
        hosts.stream().sorted().forEach(host -> names.add(new GeneralName(GeneralName.dNSName, host)));
        addresses.stream().sorted().forEach(address -> names.add(new GeneralName(GeneralName.iPAddress, address)));
        return new GeneralNames(names.toArray(GeneralName[]::new));
    }

    private static Identity identity(X509v3CertificateBuilder builder, KeyPair pair, PrivateKey signer)
            throws GeneralSecurityException {
        try {
            return new Identity(
                    new JcaX509CertificateConverter().getCertificate(builder.build(new CertificateIssuer(signer))),
                    pair.getPrivate());
        } catch (RuntimeOperatorException e) {
            throw new GeneralSecurityException(e.getMessage(), e);
        }
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
        return new DefaultSignatureAlgorithmIdentifierFinder().find(ALGORITHM);
    }

    @Override
    public OutputStream getOutputStream() {
        return content;
    }

    @Override
    public byte[] getSignature() {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(content.toByteArray());
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new RuntimeOperatorException("cannot sign: " + e.getMessage(), e);
        }
    }
}
