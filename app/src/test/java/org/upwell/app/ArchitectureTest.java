// SPDX-License-Identifier: Apache-2.0
package org.upwell.app;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Holds the shape of the house: which module may know which, no cycles, and what must stay out of where.
class ArchitectureTest {
    /// Module → the modules of ours that it may know. `app` may know all.
    private static final Map<String, List<String>> ARROWS = Map.of(
            "codec", List.of(),
            "broker", List.of(),
            "field", List.of(),
            "client", List.of("codec"),
            "load", List.of("codec"),
            "mqtt", List.of("codec", "broker"),
            "access", List.of("broker"),
            // `broker.access` holds the words of logging in, which `access` implements and the gateway uses.
            "gateway", List.of("access", "codec", "client", "broker.access"));

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.upwell");

    static Stream<String> modules() {
        return ARROWS.keySet().stream().sorted();
    }

    /// An empty rule holds trivially: a module that is renamed must not slip out of its rule.
    @ParameterizedTest
    @MethodSource("modules")
    void moduleHasClasses(String module) {
        assertThat(PRODUCT.stream().filter(in(module))).as(module).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void moduleKnowsOnlyTheModulesBelowIt(String module) {
        List<String> allowed = ARROWS.getOrDefault(module, List.of());
        DescribedPredicate<JavaClass> foreign = resideInAnyPackage("org.upwell..")
                .and(DescribedPredicate.not(in(module)))
                .and(DescribedPredicate.not(resideInAnyPackage(
                        allowed.stream().map(ArchitectureTest::under).toArray(String[]::new))))
                .as("modules of ours other than %s", allowed);

        noClasses()
                .that()
                .resideInAPackage(under(module))
                .should()
                .dependOnClassesThat(foreign)
                .check(PRODUCT);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("org.upwell.(**)").should().beFreeOfCycles().check(PRODUCT);
    }

    @Test
    void brokerKnowsNoChannelNoCoapAndNoHttp() {
        noClasses()
                .that()
                .resideInAPackage(under("broker"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "org.eclipse.californium..", "io.helidon..")
                .check(PRODUCT);
    }

    @Test
    void codecKnowsBuffersOnly() {
        noClasses()
                .that()
                .resideInAPackage(under("codec"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.channel..", "io.netty.handler..", "java.net..", "java.nio.channels..")
                .check(PRODUCT);
    }

    /// Device developers read these as a reference for firmware, so they need nothing but the JDK.
    @Test
    void sensorAndHdlcNeedNothingButTheJdk() {
        classes()
                .that()
                .resideInAnyPackage("org.upwell.field.sensor", "org.upwell.field.hdlc")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        // Annotations, not needed at run time.
                        "org.jspecify.annotations",
                        "org.upwell.field.sensor",
                        "org.upwell.field.hdlc",
                        // Of ours, and under the same rule below.
                        "org.upwell.field.coap",
                        "org.upwell.field.link",
                        "org.upwell.field.loop")
                .check(PRODUCT);
        classes()
                .that()
                .resideInAnyPackage("org.upwell.field.coap", "org.upwell.field.link", "org.upwell.field.loop")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify.annotations",
                        "org.slf4j..",
                        "org.upwell.field.coap",
                        "org.upwell.field.link",
                        "org.upwell.field.loop")
                .check(PRODUCT);
    }

    /// Time is injected, and waiting is for a condition. The build's list of forbidden calls names the same; this
    /// catches what a suppression would let through.
    @Test
    void nobodySleepsOrReadsTheWallClock() {
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .check(PRODUCT);
    }

    private static DescribedPredicate<JavaClass> in(String module) {
        return resideInAnyPackage(under(module));
    }

    private static String under(String module) {
        return "org.upwell." + module + "..";
    }
}
