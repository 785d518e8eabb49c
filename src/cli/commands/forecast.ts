/** mayfly forecast: what the next runs of the cleaner will remove. */
import { toBuffer, toText } from "../../base/bytes.js";
import { DAY } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import { forecastSync as forecasted, LONGEST_FORECAST } from "../../inspect/index.js";
import { systemClock } from "../../sys/clock.js";
import { colors } from "../colors.js";
import { dayJson, forecastText, totalJson } from "../inspect/forecast-output.js";
import { parseMoment } from "../inspect/moment.js";
import { INSPECTED, inspection, versionOf } from "../inspect/options.js";
import { defineCommand, UsageError } from "../options.js";
import { progressOn } from "../verbs/progress.js";

export const forecast = defineCommand({
  name: "forecast",
  synopsis: "[OPTION]... [PATH]...",
  description: `Shows what the next runs of the cleaner will remove, by day and by line, if no file is used until then: at or
below each PATH, or everywhere. It shows weeks if the forecast spans more than a month, and months if it spans more than a
year. Days without removals are omitted. It evaluates the same guards as mayfly clean and changes nothing, not even
timestamps.`,
  operands: "directory",
  options: [
    { name: "within", value: "SPAN", help: "Look this far ahead, for example 90d (default: 14d)" },
    ...INSPECTED,
  ],
  examples: [
    ["mayfly forecast /var/tmp", "Show what will be removed there in the next two weeks, and by which line"],
    ["mayfly forecast --within 90d --json", "Pass the next three months to another program"],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** on success; **65** if lines of the configuration are invalid: they are reported and ignored; **64** if the
command line is invalid; **1** if a PATH does not exist or a specified configuration file cannot be read.`,
    },
    {
      title: "JSON",
      text: `With **--json** each run that removes something is one line with the **type** *run*: *run* (its time), *entries*,
*bytes* and *lines* (each with its *source*, *entries* and *bytes*). The last line is the *total*, with the *largest*
entries. Invalid lines of the configuration come first, with the type *diagnostic*. If the command fails, it prints a line
with the type *error*. Times are RFC 3339 in UTC.`,
    },
  ],
  main({ options, operands, stdout, stderr }) {
    const within = options.within === undefined ? 14n * DAY : parseTimeSpan(options.within);
    if (within === undefined || within > LONGEST_FORECAST) {
      const given = toText(options.within ?? ("" as never));
      throw new UsageError(
        `option '--within' expects a time span of at most 100 years, such as 14d, not '${given}'`,
      );
    }
    if (operands.includes("" as never)) throw new UsageError("PATH must not be empty");
    const now = systemClock.now();
    const at = options.at === undefined ? now : parseMoment("at", options.at, now);
    const asked = inspection(options, { stdout, stderr });
    const version = versionOf(options["assume-version"]);
    const progress = progressOn(stderr, "would remove");
    const settings = { ...asked.settings, at, within, version, onProgress: progress.update };
    const result = forecasted(operands.map(toBuffer), settings);
    progress.clear();
    stderr.flush();
    if (options.json) {
      for (const day of result.days) if (day.entries > 0) stdout.write(`${dayJson(day)}\n`);
      stdout.write(`${totalJson(result)}\n`);
    } else stdout.write(forecastText(result, colors(stdout), stdout.columns ?? 80));
    return asked.exitStatus();
  },
});
