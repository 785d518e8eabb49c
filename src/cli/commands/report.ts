/** mayfly report: what is in directories, whose it is, and when it will be removed. */
import { toBuffer, toText } from "../../base/bytes.js";
import { DAY } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import { LONGEST_FORECAST } from "../../inspect/index.js";
import { reportHtml, reportJson, reportSync } from "../../report/index.js";
import { defaultStateDirectory, runsIn } from "../../serve/index.js";
import { systemClock } from "../../sys/clock.js";
import { parseMoment } from "../inspect/moment.js";
import { INSPECTED, inspection, versionOf } from "../inspect/options.js";
import { defineCommand, UsageError } from "../options.js";
import { openInBrowser, protectOutput, writePage, writePages } from "../report/output.js";
import { progressOn } from "../verbs/progress.js";

export const report = defineCommand({
  name: "report",
  synopsis: "[OPTION]... [PATH]...",
  description: `Makes a page that shows what is at or below each PATH, whose it is, and when it will be removed if no file is used until
then; without PATH, in all directories that the configuration cleans. The page is one HTML file that works offline: a map that
can be entered directory by directory, plots and tables. It evaluates the same guards as mayfly clean and changes nothing, not
even timestamps. Directories on which other file systems are mounted are not entered.`,
  operands: "directory",
  options: [
    { name: "within", value: "SPAN", help: "Look this far ahead, for example 90d (default: 14d)" },
    {
      short: "o",
      name: "output",
      value: "FILE",
      completes: "file",
      help: "Write the page to FILE, which nobody else can read, instead of standard output",
    },
    {
      name: "per-user",
      value: "DIR",
      completes: "directory",
      help: "Write one page for each owner of files to DIR, with the names that they may see (root only)",
      more: "The page of a user is DIR/UID.html, which belongs to them and has mode 0400. It has the sums of everything, and the names that **stat**(2) would give them in directories that they may list.",
    },
    { name: "open", help: "Show the page in the browser of this session" },
    ...INSPECTED,
  ],
  examples: [
    ["mayfly report /tmp /var/tmp > page.html", "Make a page of both directories"],
    [
      "mayfly report --per-user /srv/reports /var/tmp",
      "Make a page for each owner of files there, with what they may see",
    ],
    ["mayfly report --within 90d --json /var/tmp", "Pass the same data to another program"],
  ],
  sections: [
    {
      title: "Privacy",
      text: `A page contains the names of files. FILE gets mode 0600 before anything is written to it, and so does standard output if it
is a regular file of the user who runs the command. With **--per-user**, the kernel decides which names a user may see.`,
    },
    {
      title: "Exit status",
      text: `**0** on success; **65** if lines of the configuration are invalid: they are reported and ignored; **64** if the
command line is invalid; **1** if a PATH does not exist, a specified configuration file cannot be read, or the page cannot be
written.`,
    },
    {
      title: "JSON",
      text: `With **--json** the report is one object with the **type** *report*: the sums of all *entries* and *bytes*, what *goes* until
the end and what is *kept* whatever its age; *runs*, *owners*, *lines*, the *reasons* why entries are kept, the *largest* files, and *roots*, the
tree of the largest directories and files. Each of them has what **mayfly explain** says of it: *line*, *code*, *timestamp*,
*time* and *expires*. Invalid lines of the configuration come first, with the type *diagnostic*. If the command fails, it prints a
line with the type *error*. Times are RFC 3339 in UTC.`,
    },
  ],
  async main({ options, operands, stdout, stderr }) {
    const within = options.within === undefined ? 14n * DAY : parseTimeSpan(options.within);
    if (within === undefined || within > LONGEST_FORECAST) {
      const given = toText(options.within ?? ("" as never));
      throw new UsageError(
        `option '--within' expects a time span of at most 100 years, such as 14d, not '${given}'`,
      );
    }
    const perUser = options["per-user"];
    if (options.json && (options.output !== undefined || options.open || perUser !== undefined))
      throw new UsageError("option '--json' cannot be combined with '--output', '--per-user' or '--open'");
    if (perUser !== undefined && (options.output !== undefined || options.open))
      throw new UsageError("option '--per-user' cannot be combined with '--output' or '--open'");
    if (perUser !== undefined && process.geteuid?.() !== 0)
      throw new Error("option '--per-user' needs root: pages of other users must belong to them");
    const isPage = !options.json && options.output === undefined && perUser === undefined && !options.open;
    if (isPage && stdout.isTerminal)
      throw new UsageError(
        "the page is for a file: use '--output FILE' or '--open', or redirect standard output",
      );
    const now = systemClock.now();
    const at = options.at === undefined ? now : parseMoment("at", options.at, now);
    const asked = inspection(options, { stdout, stderr });
    const version = versionOf(options["assume-version"]);
    const progress = progressOn(stderr, "would remove");
    const settings = { ...asked.settings, at, within, version, onProgress: progress.update };
    const state = defaultStateDirectory();
    const past = state === undefined ? [] : runsIn(state);
    const result = { ...reportSync(operands.map(toBuffer), settings), past };
    progress.clear();
    stderr.flush();
    if (options.json) stdout.write(reportJson(result));
    else if (perUser !== undefined) writePages(perUser, result);
    else if (isPage) {
      protectOutput();
      stdout.write(reportHtml(result));
    } else {
      const file = writePage(options.output, reportHtml(result));
      if (options.open) await openInBrowser(file);
    }
    return asked.exitStatus();
  },
});
