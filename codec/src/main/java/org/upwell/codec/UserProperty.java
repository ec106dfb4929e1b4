// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// One user property: a name and a value, both may repeat and both may be empty.
public record UserProperty(String name, String value) {}
