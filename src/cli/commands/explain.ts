import { toBuffer } from "../../base/bytes.js";
import { explain as explained } from "../../inspect/index.js";
import { systemClock } from "../../sys/clock.js";
import { explanationJson } from "../inspect/explain-json.js";
import { explanationText } from "../inspect/explain-text.js";
import { parseMoment } from "../inspect/moment.js";
import { INSPECTED, versionOf } from "../inspect/options.js";
import { defineCommand, UsageError } from "../options.js";
import { painter } from "../style.js";

export const explain = defineCommand({
  name: "explain",
  synopsis: "[OPTION]... PATH...",
  description: `Tells whether ageing will remove a path, when, which line of which file decides, what keeps it, what only looks as
if it did, and what happens at boot. It asks the same guards as mayfly clean, changes nothing, and moves no timestamp (but,
without root, the access time of a symlink on the way to a path). A path that is not there is judged as a file that is made now.`,
  operands: "file",
  options: INSPECTED,
  examples: [
    ["mayfly explain /var/tmp/build", "Why it will go, and when"],
    ["mayfly explain --at +30d /tmp/session", "Whether it is still there in a month"],
    ["mayfly explain --json /tmp/* | jq 'select(.verdict == \"remove\").path'", "What the next run removes"],
  ],
  sections: [
    {
      title: "JSON",
      text: `With **--json** each path is one line: *path*, *verdict* (keep or remove), *expires* (null where time alone does
not remove it), *nextRun*, *timer* (where that is known from), *source* (the line that decides: *file*, *line*, *text*), *reasons* (each with a *code* and the path *at* which it
holds), *timestamps*, *decisive*, *others*, *boot*, *locks*, *unprotected*, *advice* and *notices*. Times are RFC 3339.`,
    },
  ],
  main({ options, operands, stdout }) {
    if (operands.length === 0) throw new UsageError("a path is needed");
    const now = systemClock.now();
    const at = options.at === undefined ? now : parseMoment("at", options.at, now);
    const config = options.config.map(toBuffer);
    const results = explained(operands.map(toBuffer), {
      config,
      at,
      version: versionOf(options["assume-version"]),
    });
    const paint = painter(stdout);
    for (const [index, each] of results.entries()) {
      if (options.json) stdout.write(`${explanationJson(each)}\n`);
      else stdout.write(`${index > 0 ? "\n" : ""}${explanationText(each, at, paint)}`);
    }
    return 0;
  },
});
