// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DevelopmentCertificatesTest {

    private static final Instant START = Instant.parse("2026-11-22T12:00:00Z");

    @TempDir
    Path data;

    private DevelopmentCertificates ensure(Instant now) throws IOException {
        return DevelopmentCertificates.ensure(data, InstantSource.fixed(now));
    }

    private static X509Certificate certificate(Path file) throws IOException {
        return PemFiles.certificates(file).getFirst();
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new HashMap<>();
        try (var files = Files.list(data.resolve("tls"))) {
            for (Path file : files.toList()) {
                contents.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        return contents;
    }

    @Test
    void theServersCertificateIsFromTheAuthorityForThisMachinesNames() throws Exception {
        DevelopmentCertificates files = ensure(START);
        X509Certificate authority = certificate(files.authority());
        X509Certificate server = certificate(files.server().certificate());
        server.verify(authority.getPublicKey());
        authority.verify(authority.getPublicKey());
        assertThat(authority.getBasicConstraints()).isZero();
        assertThat(server.getBasicConstraints()).isEqualTo(-1);
        assertThat(server.getSubjectAlternativeNames())
                .extracting(name -> String.valueOf(name.get(1)))
                .contains("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(server.getNotBefore().toInstant()).isBefore(START);
        assertThat(Duration.between(START, server.getNotAfter().toInstant())).isEqualTo(Duration.ofDays(397));
        assertThat(Duration.between(START, authority.getNotAfter().toInstant())).isEqualTo(Duration.ofDays(3650));
        PemFiles.serverContext(files.server());
        PemFiles.checkPair(files.server());
    }

    @Test
    void keysAreForTheirOwnerOnlyAndTheAuthorityIsForAll() throws IOException {
        ensure(START);
        Path folder = data.resolve("tls");
        for (String secret : List.of("ca-key.pem", "server-key.pem")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(secret))))
                    .isEqualTo("rw-------");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("ca.pem"))))
                .isEqualTo("rw-r--r--");
    }

    @Test
    void whatIsGoodStays() throws IOException {
        ensure(START);
        Map<String, String> before = contents();
        ensure(START.plus(Duration.ofDays(300)));
        assertThat(contents()).isEqualTo(before).hasSize(5);
    }

    @Test
    void theServersCertificateIsRenewedBeforeItEnds() throws IOException {
        DevelopmentCertificates files = ensure(START);
        Map<String, String> before = contents();
        Instant late = START.plus(Duration.ofDays(340));
        ensure(late);
        Map<String, String> after = contents();
        assertThat(after.get("ca.pem")).isEqualTo(before.get("ca.pem"));
        assertThat(after.get("server.pem")).isNotEqualTo(before.get("server.pem"));
        assertThat(certificate(files.server().certificate()).getNotAfter().toInstant())
                .isEqualTo(late.plus(Duration.ofDays(397)));
        PemFiles.serverContext(files.server());
    }

    @Test
    void anAuthorityThatWouldEndBeforeTheServerIsReplacedWithIt() throws Exception {
        DevelopmentCertificates files = ensure(START);
        X509Certificate before = certificate(files.authority());
        ensure(START.plus(Duration.ofDays(3_300)));
        X509Certificate after = certificate(files.authority());
        assertThat(after).isNotEqualTo(before);
        certificate(files.server().certificate()).verify(after.getPublicKey());
    }

    @Test
    void processesThatStartTogetherAgree() throws Exception {
        List<DevelopmentCertificates> made = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<DevelopmentCertificates>> starts = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                starts.add(threads.submit(() -> ensure(START)));
            }
            for (Future<DevelopmentCertificates> start : starts) {
                made.add(start.get(30, TimeUnit.SECONDS));
            }
        }
        certificate(made.getFirst().server().certificate())
                .verify(certificate(made.getFirst().authority()).getPublicKey());
        PemFiles.serverContext(made.getFirst().server());
    }

    @Test
    void aKeyOfAnotherCertificateIsNamed() throws IOException {
        DevelopmentCertificates files = ensure(START);
        TlsFiles mixed = new TlsFiles(files.authority(), files.server().key());
        assertThatThrownBy(() -> PemFiles.checkPair(mixed))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("server-key.pem: is not the key of the first certificate in")
                .hasMessageContaining("ca.pem");
    }
}
