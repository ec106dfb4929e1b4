// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TenantIdTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"t", "testTenant", "TN01b1946ac9-2492-4d23-47b7-5d2d2e5c1fd4", "a$b", "Größe", "{tenantId}", "😀"
            })
    void literalTopicLevelsAreAllowed(String id) {
        assertThat(TenantId.check(id)).isEqualTo(id);
        assertThat(TenantId.isValid(id)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'',tenant ID is empty",
        "$SYS,'must not begin with ''$'''",
        "a/b,'must not contain ''/'''",
        "+,'must not contain ''+'''",
        "a#,'must not contain ''#'''",
    })
    void whatCouldBeASeparatorOrWildcardIsRefused(String id, String fault) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TenantId.check(id))
                .withMessageContaining(fault);
        assertThat(TenantId.isValid(id)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, '\t', '\n', 0x7f, 0x85, 0xd800, 0xdc00})
    void controlCharactersAndHalfPairsAreRefused(int c) {
        assertThatIllegalArgumentException().isThrownBy(() -> TenantId.check("a" + (char) c + "b"));
    }

    @Test
    void theLimitCountsBytes() {
        assertThat(TenantId.isValid("ä".repeat(64))).isTrue();
        assertThat(TenantId.isValid("ä".repeat(64) + "x")).isFalse();
        assertThat(TenantId.isValid("x".repeat(128))).isTrue();
        assertThat(TenantId.isValid("x".repeat(129))).isFalse();
    }
}
