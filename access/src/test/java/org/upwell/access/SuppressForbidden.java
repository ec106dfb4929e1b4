// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Lets a test use what the build forbids.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.METHOD)
public @interface SuppressForbidden {

    /// Why there is no other way.
    String value();
}
