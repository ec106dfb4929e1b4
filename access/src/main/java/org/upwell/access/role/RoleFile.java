// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.upwell.access.Printable;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Fields;
import org.upwell.access.file.Node;
import org.upwell.broker.session.OverflowRule;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;

/// Reads `roles.yaml`:
///
/// ```yaml
/// format: 1
/// roles:
///   METER_READER:                      # a role of this name is added, or replaces the default one
///     - allow: subscribe               # publish | subscribe | both
///       topic: "{tenantId}/read/#"
///       max-qos: 1                     # 0 to 2, 2 unless given
///       retain: false                  # may publish retained messages; true unless given
///   DEEP_QUEUE:                        # with more than grants it is a mapping
///     grants: []                       # as above; may be left out
///     queue-messages: 2000000          # what the queue of whoever has the role may hold; of several
///     queue-bytes: 1073741824          # roles the largest counts, and the configuration if none says
///     queue-overflow: drop-oldest      # drop-newest | drop-oldest; the configuration's if roles disagree
/// ```
public final class RoleFile {

    /// The file's name in the access directory.
    public static final String NAME = "roles.yaml";

    private static final int FORMAT = 1;

    private RoleFile() {}

    /// The default table with what the file says.
    public static RoleTable parse(byte[] content, Faults faults) {
        Fields root = Fields.root(Documents.yaml(content, faults), FORMAT, faults);
        List<Role> roles = new ArrayList<>();
        for (Map.Entry<String, Node> entry : root.entries("roles").entrySet()) {
            roles.add(role(entry.getKey(), entry.getValue(), faults));
        }
        root.finish();
        return RoleTable.defaults().with(roles);
    }

    private static Role role(String name, Node node, Faults faults) {
        String what = "role '" + Printable.cut(name, 80) + "'";
        if (name.equals(RoleTable.ADMIN)) {
            faults.add(node.line(), what + " grants administration by HTTP and cannot be given topics");
        }
        if (!name.matches("[A-Za-z0-9_.:-]{1,128}")) {
            faults.add(node.line(), what + " must be named with 1 to 128 of the characters A-Z a-z 0-9 _ . : -");
        }
        if (node instanceof Node.Sequence sequence) {
            return new Role(name, grants(sequence.items(), what, faults));
        }
        if (!(node instanceof Node.Mapping mapping)) {
            faults.add(
                    node.line(), what + " must be a list of grants, or a mapping with 'grants', found " + node.kind());
            return new Role(name, List.of());
        }
        Fields fields = new Fields(mapping, what, faults);
        List<Grant> grants = grants(fields.items("grants"), what, faults);
        RoleQueue queue = new RoleQueue(
                (int) fields.number("queue-messages", 0, 1, RoleQueue.MAX_MESSAGES),
                fields.number("queue-bytes", 0, 1, RoleQueue.MAX_BYTES),
                fields.has("queue-overflow") ? fields.parsed("queue-overflow", RoleFile::overflow) : null);
        fields.finish();
        return new Role(name, grants, queue);
    }

    private static List<Grant> grants(List<Node> items, String what, Faults faults) {
        return items.stream()
                .map(item -> grant(Fields.of(item, "a grant of " + what, faults)))
                .toList();
    }

    private static OverflowRule overflow(String text) {
        return switch (text) {
            case "drop-newest" -> OverflowRule.DROP_NEWEST;
            case "drop-oldest" -> OverflowRule.DROP_OLDEST;
            default ->
                throw new IllegalArgumentException(
                        "'queue-overflow' must be drop-newest or drop-oldest, found '" + Printable.cut(text, 40) + "'");
        };
    }

    private static Grant grant(Fields fields) {
        Grant.Action action = fields.parsed("allow", RoleFile::action);
        String filter = fields.parsed("topic", RoleFile::filter);
        int maxQos = (int) fields.number("max-qos", 2, 0, 2);
        boolean retain = fields.flag("retain", true);
        fields.finish();
        return new Grant(action == null ? Grant.Action.BOTH : action, filter == null ? "" : filter, maxQos, retain);
    }

    private static Grant.Action action(String text) {
        return switch (text) {
            case "publish" -> Grant.Action.PUBLISH;
            case "subscribe" -> Grant.Action.SUBSCRIBE;
            case "both" -> Grant.Action.BOTH;
            default ->
                throw new IllegalArgumentException(
                        "'allow' must be publish, subscribe or both, found '" + Printable.cut(text, 40) + "'");
        };
    }

    private static String filter(String text) {
        if (text.startsWith("$share/")) {
            throw new IllegalArgumentException(
                    "grants are looked up without $share/<group>/; leave it out of '" + Printable.cut(text, 80) + "'");
        }
        for (String level : text.split("/", -1)) {
            if (!level.equals(Grant.TENANT) && level.toLowerCase(Locale.ROOT).contains("{tenantid")) {
                throw new IllegalArgumentException(
                        Grant.TENANT + " must be a whole level, found '" + Printable.cut(level, 40) + "'");
            }
        }
        try {
            return TopicFilter.parse(text).text();
        } catch (InvalidTopicException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
