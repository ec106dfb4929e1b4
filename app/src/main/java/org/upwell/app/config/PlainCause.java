// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/// Says in words what Java tells by the kind of an exception, whose message is often the file's name alone.
public final class PlainCause {
    private PlainCause() {}

    public static String of(Exception e) {
        return switch (e) {
            case NoSuchFileException f -> f.getFile() + ": there is no such file";
            case AccessDeniedException f -> f.getFile() + ": permission denied";
            // From making a directory where a file is.
            case FileAlreadyExistsException f -> f.getFile() + ": is not a directory";
            case NotDirectoryException f -> f.getFile() + ": is not a directory";
            case FileSystemException f when f.getReason() != null -> f.getFile() + ": " + f.getReason();
            case UnknownHostException _ -> "no address is known for host '" + e.getMessage() + "'";
            case IOException _ when e.getMessage() == null -> e.getClass().getSimpleName();
            default -> String.valueOf(e.getMessage());
        };
    }
}
