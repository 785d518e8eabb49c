/** `mayfly check`: errors and likely mistakes in configuration, without running it. */
import { type Bytes, escapeForDisplay, toText } from "../../base/bytes.js";
import { check as checkConfiguration, FINDING_CODES, type Finding, RULES } from "../../tmpfiles/index.js";
import { colors } from "../colors.js";
import { given } from "../config-options.js";
import { findingJson, findingText, type Sums, summaryJson, summaryText } from "../inspect/check-output.js";
import { defineCommand, UsageError } from "../options.js";

const WARNINGS = 1;
/** EX_DATAERR, as a run of the same configuration would end. */
const ERRORS = 65;
const SEVERITIES = ["error", "warning", "info"] as const;

export const check = defineCommand({
  name: "check",
  synopsis: "[OPTION]... [CONFIG]...",
  description: `Checks configuration for errors and likely mistakes without running it, and reports where, why, and what to write instead:
what **systemd-tmpfiles** refuses, and mistakes that it silently accepts.

CONFIG is the name of a file in the configuration directories or else in the current directory, a path, or - for standard
input. If no CONFIG is given, all configuration files are checked together, since lines of one file affect those of others.`,
  operands: "config",
  options: [
    { name: "json", help: "Print one finding per line as JSON, and a summary as the last line" },
    { name: "quiet", short: "q", help: "Print only where it is and what it is, one line for each finding" },
    {
      name: "ignore",
      value: "CODE",
      multiple: true,
      help: "Leave out findings with this code, or these codes separated by commas; may be repeated",
      more: "Each finding ends with its code in brackets; all are listed below.",
    },
    {
      name: "severity",
      value: "LEVEL",
      choices: SEVERITIES,
      help: "Report only findings of this severity or above; info by default",
    },
    {
      name: "max-warnings",
      value: "N",
      help: "Exit with status 0 if there are at most N warnings and no errors; 0 by default",
    },
    { name: "user", help: "Check the user's own configuration (user-tmpfiles.d)" },
    {
      name: "root",
      value: "PATH",
      completes: "directory",
      help: "Check the configuration of the tree below PATH",
    },
    { name: "inline", help: "Treat each operand as a line of configuration, not as a file" },
  ],
  examples: [
    ["mayfly check", "The whole configuration of this host"],
    ["mayfly check debian/app.tmpfiles", "One file before it is shipped; CI uses the exit status"],
    ["mayfly check --severity=error app.conf", "Errors only"],
    ["mayfly check --inline 'd /tmp/app 0777'", "One line"],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** if nothing is found, or only findings of the severity *info*, or no more warnings than **--max-warnings**; **1** if
there are warnings; **65** if there are errors; **64** if the command line is wrong.`,
    },
    {
      title: "JSON",
      text: `With **--json** each finding is one line of the **type** *finding*: *severity* (error, warning or info), *code*, *message*
(what it is in this line), *title*, *why*, *wayOut* (what to write instead), *source* (the line: *file*, *line*, *text*; line 0 means the
file as a whole) and *column*, counted in bytes from 1. The last line is the *summary*; a failure is of the type *error*.`,
    },
    {
      title: "Codes",
      text: RULES.map(({ code, severity, title }) => `**${code}** (${severity}): ${title}.`).join("\n\n"),
    },
  ],
  main({ options, operands, stdout }) {
    if (options.user && given(options.root) !== undefined) {
      throw new UsageError("--user and --root cannot be combined");
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

/** The codes of one `--ignore`; one that no finding has is a mistake. */
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
    `option '--ignore': unknown code '${escapeForDisplay(unknown as Bytes)}'.${hint} See mayfly-check(1) for all codes.`,
  );
}

function severityOf(text: Bytes | undefined): (typeof SEVERITIES)[number] {
  return SEVERITIES.find((each) => each === text) ?? "info";
}

function mostWarnings(text: Bytes | undefined): number {
  if (text === undefined) return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`option '--max-warnings' needs a number, not '${escapeForDisplay(text)}'`);
}
