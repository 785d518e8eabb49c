/** `mayfly explain`: whether, when and why ageing removes a path. */
import { toBuffer } from "../../base/bytes.js";
import { explain as explained } from "../../inspect/index.js";
import { systemClock } from "../../sys/clock.js";
import { colors } from "../colors.js";
import { explanationJson } from "../inspect/explain-json.js";
import { explanationText } from "../inspect/explain-text.js";
import { parseMoment } from "../inspect/moment.js";
import { INSPECTED, inspection, versionOf } from "../inspect/options.js";
import { defineCommand, UsageError } from "../options.js";

export const explain = defineCommand({
  name: "explain",
  synopsis: "[OPTION]... PATH...",
  description: `Explains whether ageing will remove a path, when, which line of which file decides, what keeps it, what only looks like a
protection, and what happens at boot. It asks the same guards as mayfly clean, changes nothing, and moves no timestamp (except,
without root, the access time of a symlink on the way to a path). A path that does not exist is judged as a file created now.`,
  operands: "file",
  options: INSPECTED,
  examples: [
    ["mayfly explain /var/tmp/build", "Why it will be removed, and when"],
    ["mayfly explain --at +30d /tmp/session", "Whether it still exists in a month"],
    ["mayfly explain --json /tmp/* | jq 'select(.verdict == \"remove\").path'", "What the next run removes"],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** on success, whatever becomes of the paths; **65** if lines of the configuration are invalid: they are reported,
and the rest applies; **64** if the command line is wrong; **1** if a configuration file that was named can't be read.`,
    },
    {
      title: "JSON",
      text: `With **--json** each path is one line of the **type** *explanation*: *path*, *exists*, *verdict* (keep or remove),
*scope* (system or user: whose configuration decides), *expires* (null if time alone does not remove it), *nextRun*, *timer* (where
that is known from), *source* (the line that decides: *file*, *line*, *text*), *reasons* (each with a *code* and the path *at* which it
holds), *timestamps*, *decisive*, *others*, *boot*, *locks*, *unprotected*, *advice* and *notices*. Invalid lines of the configuration
come first, of the type *diagnostic*; a failure is of the type *error*. Times are RFC 3339 in UTC.`,
    },
  ],
  main({ options, operands, stdout, stderr }) {
    if (operands.length === 0) throw new UsageError("a path is needed");
    if (operands.includes("" as never)) throw new UsageError("a path must not be empty");
    const now = systemClock.now();
    const at = options.at === undefined ? now : parseMoment("at", options.at, now);
    const asked = inspection(options, { stdout, stderr });
    const version = versionOf(options["assume-version"]);
    const results = explained(operands.map(toBuffer), { ...asked.settings, at, version });
    const colorize = colors(stdout);
    stderr.flush();
    for (const [index, each] of results.entries()) {
      if (options.json) stdout.write(`${explanationJson(each)}\n`);
      else stdout.write(`${index > 0 ? "\n" : ""}${explanationText(each, at, colorize)}`);
    }
    return asked.exitStatus();
  },
});
