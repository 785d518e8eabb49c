import { toBuffer } from "../../base/bytes.js";
import { DAY } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import { forecast as foretold } from "../../inspect/index.js";
import { systemClock } from "../../sys/clock.js";
import { dayJson, forecastText, totalJson } from "../inspect/forecast-output.js";
import { parseMoment } from "../inspect/moment.js";
import { INSPECTED, versionOf } from "../inspect/options.js";
import { defineCommand, UsageError } from "../options.js";
import { painter } from "../style.js";

export const forecast = defineCommand({
  name: "forecast",
  synopsis: "[OPTION]... [PATH]...",
  description: `Shows what the next runs of the cleaner will remove, by day and by line, as far as nothing is used until then:
at or below each PATH, or everywhere. It asks the same guards as mayfly clean, changes nothing, and moves no timestamp.`,
  operands: "directory",
  options: [
    { name: "within", value: "SPAN", help: "How far to look ahead; two weeks by default" },
    ...INSPECTED,
  ],
  examples: [
    ["mayfly forecast /var/tmp", "What goes there in the next two weeks, and by which line"],
    ["mayfly forecast --within 90d --json", "The next three months, for a program"],
  ],
  sections: [
    {
      title: "JSON",
      text: `With **--json** each run that removes something is one line: *run*, *entries*, *bytes* and *lines* (each with its
*source*, *entries* and *bytes*). The last line is the *total*, with the *largest* entries.`,
    },
  ],
  main({ options, operands, stdout }) {
    const within = options.within === undefined ? 14n * DAY : parseTimeSpan(options.within);
    if (within === undefined) throw new UsageError("option '--within' takes a time span, as 14d");
    const now = systemClock.now();
    const at = options.at === undefined ? now : parseMoment("at", options.at, now);
    const version = versionOf(options["assume-version"]);
    const result = foretold(operands.map(toBuffer), {
      config: options.config.map(toBuffer),
      at,
      within,
      version,
    });
    if (options.json) {
      for (const day of result.days) if (day.entries > 0) stdout.write(`${dayJson(day)}\n`);
      stdout.write(`${totalJson(result)}\n`);
    } else stdout.write(forecastText(result, painter(stdout), stdout.columns ?? 80));
    return 0;
  },
});
