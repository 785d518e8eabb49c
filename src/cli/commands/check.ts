/** mayfly check: finds errors and likely mistakes in configuration without running it. */
import { type Bytes, escapeForDisplay, toText } from "../../base/bytes.js";
import { checkSync as checkConfiguration, FINDING_CODES, type Finding, RULES } from "../../tmpfiles/index.js";
import { colors } from "../colors.js";
import { given, INLINE } from "../config-options.js";
import { findingJson, findingText, type Sums, summaryJson, summaryText } from "../inspect/check-output.js";
import { defineCommand, UsageError } from "../options.js";

const WARNINGS = 1;
/** EX_DATAERR, as for a run with the same configuration. */
const ERRORS = 65;
const SEVERITIES = ["error", "warning", "info"] as const;

export const check = defineCommand({
  name: "check",
  synopsis: "[OPTION]... [CONFIG]...",
  description: `Checks configuration for errors that **systemd-tmpfiles** reports and for likely mistakes that it silently accepts,
without applying it. Each finding has its place, the reason, and what to write instead.

CONFIG is the name of a file in the configuration directories or else in the current directory, a path, or - for standard
input. If no CONFIG is given, all configuration files are checked together, since lines of one file affect others.`,
  operands: "config",
  options: [
    { name: "json", help: "Print one JSON object per line: each finding, then a summary" },
    { name: "quiet", short: "q", help: "Print one line per finding, without explanation and summary" },
    {
      name: "ignore",
      value: "CODE",
      multiple: true,
      help: "Ignore findings with this code (or a comma-separated list of codes); may be repeated",
      more: "Each finding ends with its code in brackets; all are listed below.",
    },
    {
      name: "severity",
      value: "LEVEL",
      choices: SEVERITIES,
      help: "Report only findings of at least this severity (default: info)",
    },
    {
      name: "max-warnings",
      value: "N",
      help: "Exit with status 0 if there are no errors and at most N warnings (default: 0)",
    },
    { name: "user", help: "Use the user's own configuration (user-tmpfiles.d) instead of the system's" },
    {
      name: "root",
      value: "PATH",
      completes: "directory",
      help: "Check the configuration of the tree below PATH",
    },
    INLINE,
  ],
  examples: [
    ["mayfly check", "Check the whole configuration of this host"],
    ["mayfly check debian/app.tmpfiles", "Check one file before you ship it; CI can use the exit status"],
    ["mayfly check --severity=error app.conf", "Report errors only"],
    ["mayfly check --inline 'd /tmp/app 0777'", "Check one line"],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** if there are no errors and no more warnings than **--max-warnings** allows; **1** if there are more warnings;
**65** if there are errors; **64** if the command line is invalid.`,
    },
    {
      title: "JSON",
      text: `With **--json**, each line of output is a JSON object. A finding has the **type** *finding* and these fields: *severity*
(error, warning or info), *code*, *message* (specific to this line), *title* and *why* (the same for all findings with this
code), *fix* (what to write instead), *source* (*file*, *line* and *text*; line 0 means the whole file) and *column* (in
bytes, from 1; 0 means the whole line or file). The last line has the **type** *summary*. If the command fails, it prints an object
with the **type** *error*.`,
    },
    {
      title: "Codes",
      text: RULES.map(({ code, severity, title }) => `**${code}** (${severity}): ${title}.`).join("\n\n"),
    },
  ],
  main({ options, operands, stdout }) {
    if (options.user && given(options.root) !== undefined) {
      throw new UsageError("options '--user' and '--root' cannot be combined");
    }
    if (options.inline && operands.length === 0) {
      throw new UsageError("--inline needs at least one line of configuration as an operand.");
    }
    const ignored = new Set(options.ignore.flatMap(codesOf));
    const reported = SEVERITIES.slice(0, SEVERITIES.indexOf(severityOf(options.severity)) + 1);
    const most = mostWarnings(options["max-warnings"]);
    const findings = checkConfiguration({
      root: given(options.root),
      user: options.user,
      inline: options.inline,
      inWorkingDirectory: true,
      args: operands,
    }).filter(({ code, severity }) => !ignored.has(code) && reported.some((each) => each === severity));
    const sums = sumsOf(findings);
    const exitStatus = sums.errors > 0 ? ERRORS : sums.warnings > most ? WARNINGS : 0;
    const colorize = colors(stdout);
    const width = Math.min(stdout.columns ?? 100, 100);
    for (const each of findings) {
      stdout.write(
        options.json ? findingJson(each) : findingText(each, { quiet: options.quiet, colorize, width }),
      );
    }
    if (options.json) stdout.write(summaryJson(sums, exitStatus));
    else if (!options.quiet) stdout.write(summaryText(sums));
    return exitStatus;
  },
});

function sumsOf(findings: readonly Finding[]): Sums {
  const count = (severity: string): number => findings.filter((each) => each.severity === severity).length;
  return { errors: count("error"), warnings: count("warning"), infos: count("info") };
}

/** The codes of one `--ignore`. */
function codesOf(list: Bytes): string[] {
  const codes = toText(list)
    .split(",")
    .map((code) => code.trim())
    .filter((code) => code !== "");
  const unknown = codes.find((code) => !FINDING_CODES.includes(code));
  if (unknown === undefined) return codes;
  const similar = FINDING_CODES.find((code) => code.includes(unknown) || unknown.includes(code));
  const hint = similar === undefined ? "" : ` Did you mean '${similar}'?`;
  throw new UsageError(
    `option '--ignore': unknown code '${escapeForDisplay(unknown as Bytes)}'.${hint} See mayfly-check(1) for a list of codes.`,
  );
}

function severityOf(text: Bytes | undefined): (typeof SEVERITIES)[number] {
  return SEVERITIES.find((each) => each === text) ?? "info";
}

function mostWarnings(text: Bytes | undefined): number {
  if (text === undefined) return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`option '--max-warnings' expects a number, not '${escapeForDisplay(text)}'`);
}
