// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMEncryptor;
import org.bouncycastle.openssl.PKCS8Generator;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.bouncycastle.operator.OutputEncryptor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What other programs write is read; what cannot be is named.
class PemFilesTest {

    private static final char[] PASSWORD = "secret".toCharArray();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA", "Ed25519", "RSASSA-PSS"})
    void keysOfEveryKindAreReadInTheirCommonForm(String algorithm) throws Exception {
        PrivateKey key = key(algorithm);
        Path file = file("key.pem", PemPart.write("PRIVATE KEY", key.getEncoded()));
        assertThat(PemFiles.privateKey(file).getEncoded()).isEqualTo(key.getEncoded());
    }

    @Test
    void keysForEllipticCurvesAreReadInTheirOldForm() throws Exception {
        ECPrivateKey key = (ECPrivateKey) key("EC");
        byte[] old = new org.bouncycastle.asn1.sec.ECPrivateKey(256, key.getS(), SECObjectIdentifiers.secp256r1)
                .getEncoded();
        // As OpenSSL writes it: the curve first, and text around.
        String curve = PemPart.write("EC PARAMETERS", SECObjectIdentifiers.secp256r1.getEncoded());
        Path file = file("key.pem", "Key of a meter\n" + curve + PemPart.write("EC PRIVATE KEY", old));
        PrivateKey read = PemFiles.privateKey(file);
        assertThat(read).isInstanceOfSatisfying(ECPrivateKey.class, each -> {
            assertThat(each.getS()).isEqualTo(key.getS());
            assertThat(each.getParams().getOrder()).isEqualTo(key.getParams().getOrder());
        });
    }

    @Test
    void keysForRsaAreReadInTheirOldForm() throws Exception {
        PrivateKey key = key("RSA");
        String text = old(key, null);
        assertThat(text).contains("-----BEGIN RSA PRIVATE KEY-----");
        assertThat(PemFiles.privateKey(file("key.pem", text)).getEncoded()).isEqualTo(key.getEncoded());
    }

    @Test
    void encryptedKeysAreRefusedByName() throws Exception {
        PrivateKey key = key("RSA");
        PEMEncryptor encryptor = new JcePEMEncryptorBuilder("AES-128-CBC")
                .setProvider(new BouncyCastleProvider())
                .build(PASSWORD);
        Path old = file("old.pem", old(key, encryptor));
        OutputEncryptor encrypting = new JceOpenSSLPKCS8EncryptorBuilder(PKCS8Generator.AES_256_CBC)
                .setProvider(new BouncyCastleProvider())
                .setPassword(PASSWORD)
                .build();
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(new JcaPKCS8Generator(key, encrypting));
        }
        Path common = file("common.pem", text.toString());
        for (Path file : List.of(old, common)) {
            assertThatThrownBy(() -> PemFiles.privateKey(file))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file + ": the private key is encrypted; store it without a password");
        }
    }

    @Test
    void chainAndKeyMayShareAFileWithTextAndForeignLineEnds() throws Exception {
        DevelopmentCertificates made =
                DevelopmentCertificates.ensure(directory, InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")));
        String all = "Bag Attributes\n    friendlyName: broker\n"
                + Files.readString(made.server().key()) + "subject=CN=x\n"
                + Files.readString(made.server().certificate()) + Files.readString(made.authority());
        Path file = file("all.pem", all.replace("\n", "\r\n"));
        assertThat(PemFiles.certificates(file))
                .containsExactly(
                        PemFiles.certificates(made.server().certificate()).getFirst(),
                        PemFiles.certificates(made.authority()).getFirst());
        PemFiles.checkPair(new TlsFiles(file, file));
        PemFiles.serverContext(new TlsFiles(file, file));
        PemFiles.clientContext(file);
    }

    @Test
    void filesThatCannotBeUsedAreNamed() throws IOException {
        Path absent = directory.resolve("absent.pem");
        assertThatThrownBy(() -> PemFiles.certificates(absent))
                .hasMessageContaining("absent.pem: there is no such file");
        Path text = file("text.pem", "no certificate at all\n");
        assertThatThrownBy(() -> PemFiles.certificates(text))
                .hasMessageContaining("text.pem: has no certificate in PEM");
        assertThatThrownBy(() -> PemFiles.privateKey(text)).hasMessageContaining("text.pem: has no private key in PEM");
        Path torn = file("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
        assertThatThrownBy(() -> PemFiles.certificates(torn)).hasMessageContaining("torn.pem: cannot be read as PEM");
        Path noise = file("noise.pem", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(() -> PemFiles.certificates(noise)).hasMessageContaining("noise.pem: cannot be read as PEM");
        Path empty = file("empty.pem", PemPart.write("CERTIFICATE", new byte[3]));
        assertThatThrownBy(() -> PemFiles.certificates(empty))
                .hasMessageContaining("empty.pem: has a certificate that cannot be read");
        for (String label : List.of("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")) {
            Path key = file("key.pem", PemPart.write(label, new byte[3]));
            assertThatThrownBy(() -> PemFiles.privateKey(key))
                    .hasMessageContaining("key.pem: has a private key that cannot be read");
        }
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static PrivateKey key(String algorithm) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        if (algorithm.equals("EC")) {
            generator.initialize(256);
        }
        return generator.generateKeyPair().getPrivate();
    }

    private static String old(PrivateKey key, @Nullable PEMEncryptor encryptor) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            if (encryptor == null) {
                writer.writeObject(key);
            } else {
                writer.writeObject(key, encryptor);
            }
        }
        return text.toString();
    }
}
