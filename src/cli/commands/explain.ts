/** mayfly explain: whether, when and why ageing will remove a path. */
import { toBuffer } from "../../base/bytes.js";
import { explainSync as explained } from "../../inspect/index.js";
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
  description: `Explains whether and when ageing will remove a path, which configuration line decides, what keeps the path, what
only seems to protect it, and what happens at boot. It evaluates the same guards as mayfly clean. It changes nothing, not
even timestamps (except, without root, the access time of a symlink in PATH). A path that does not exist is evaluated as a
file created now.`,
  operands: "file",
  options: INSPECTED,
  examples: [
    ["mayfly explain /var/tmp/build", "Show whether, when and why it will be removed"],
    ["mayfly explain --at +30d /tmp/session", "Show whether it will still exist in 30 days"],
    [
      "mayfly explain --json /tmp/* | jq 'select(.verdict == \"remove\").path'",
      "List the paths that the next run removes",
    ],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** on success, whatever the verdicts; **65** if lines of the configuration are invalid: they are reported and
ignored; **64** if the command line is invalid; **1** if a specified configuration file cannot be read.`,
    },
    {
      title: "JSON",
      text: `With **--json** each path is one line with the **type** *explanation*: *path*, *exists*, *verdict* (keep or
remove), *scope* (whose configuration decides: system or user), *expires* (null if the path does not expire), *nextRun*,
*timer* (the unit that schedules it), *source* (the line that decides: *file*, *line*, *text*), *reasons* (each with a *code*
and the path *at* which it applies), *timestamps*, *decisive*, *others*, *boot*, *locks*, *unprotected*, *advice* and
*notices*. Invalid lines of the configuration come first, with the type *diagnostic*. If the command fails, it prints a
line with the type *error*. Times are RFC 3339 in UTC.`,
    },
  ],
  main({ options, operands, stdout, stderr }) {
    if (operands.length === 0) throw new UsageError("missing PATH");
    if (operands.includes("" as never)) throw new UsageError("PATH must not be empty");
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
