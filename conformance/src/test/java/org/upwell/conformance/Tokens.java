// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Gets tokens the way existing clients do: JSON over HTTPS with the certificate and host name verified.
final class Tokens {

    private Tokens() {}

    static SSLContext trusting(Path ca) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(ca)) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    static String of(Installation installation, String tenant)
            throws IOException, InterruptedException, GeneralSecurityException {
        Installation.Tenant known = installation.tenant(tenant);
        try (HttpClient http =
                HttpClient.newBuilder().sslContext(trusting(installation.ca())).build()) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create("https://localhost:" + installation.httpsPort + "/api/tokens"))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString("{\"clientId\":\"" + known.clientId()
                                    + "\",\"clientSecret\":\"" + known.clientSecret() + "\"}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            String key = "\"accessToken\":\"";
            int start = answer.body().indexOf(key);
            if (answer.statusCode() / 100 != 2 || start < 0) {
                throw new AssertionError("no token: " + answer.statusCode());
            }
            return answer.body().substring(start + key.length(), answer.body().indexOf('"', start + key.length()));
        }
    }
}
