import { type Bytes, show, toText } from "../../base/bytes.js";
import { check as checkConfiguration, type Finding } from "../../tmpfiles/index.js";
import { defineCommand, UsageError } from "../options.js";
import { given } from "../selection.js";
import type { Sink } from "../sink.js";
import { type Paint, painter, type Style } from "../style.js";
import { line, pathJson } from "../verbs/json.js";
import { counted } from "../words.js";
import { wrap } from "../wrap.js";

const WARNINGS = 1;
/** EX_DATAERR, as a run of the same configuration would end. */
const ERRORS = 65;

/** `mayfly check`: what is wrong with configuration, and what is likely not meant, without running it. */
export const check = defineCommand({
  name: "check",
  synopsis: "[OPTION]... [CONFIG]...",
  description: `Reads configuration without running it, and says what is wrong, where, why, and what to write instead: what
**systemd-tmpfiles** refuses, and what it takes in silence though nobody means it.

CONFIG is the name of a file in the configuration directories or else in the current directory, a path, or - for standard
input. If no CONFIG is given, all configuration files are checked together, since lines of one file affect those of others.`,
  operands: "config",
  options: [
    { name: "json", help: "Print one finding a line as JSON, and a summary as the last line" },
    { name: "quiet", short: "q", help: "Only where it is and what it is, a line for each finding" },
    {
      name: "ignore",
      value: "CODE",
      multiple: true,
      help: "Leave out findings of this code, which stands in brackets behind each",
    },
    { name: "user", help: "Check the user's own configuration (user-tmpfiles.d)" },
    {
      name: "root",
      value: "PATH",
      completes: "directory",
      help: "Check the configuration of the tree below PATH",
    },
    { name: "inline", help: "Take each operand as a line of configuration, not as a file" },
  ],
  examples: [
    ["mayfly check", "Everything that this host has configured"],
    ["mayfly check debian/app.tmpfiles", "One file before it is shipped: the exit status is for CI"],
    ["mayfly check --inline 'd /tmp/app 0777'", "One line"],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** when there is nothing to say, or only remarks of the severity *info*; **1** when there are warnings;
**65** when there are errors; **64** when the command line is wrong.`,
    },
  ],
  main({ options, operands, stdout }) {
    if (options.user && given(options.root) !== undefined) {
      throw new UsageError("the combination of --user and --root= is not supported");
    }
    const ignored = new Set(options.ignore.map(toText));
    const findings = checkConfiguration({
      root: given(options.root),
      user: options.user,
      inline: options.inline,
      inWorkingDirectory: true,
      args: operands,
    }).filter((finding) => !ignored.has(finding.code));
    const count = (severity: string): number => findings.filter((each) => each.severity === severity).length;
    const sums = { errors: count("error"), warnings: count("warning"), infos: count("info") };
    const exitStatus = sums.errors > 0 ? ERRORS : sums.warnings > 0 ? WARNINGS : 0;
    if (options.json) printJson(findings, { ...sums, exitStatus }, stdout);
    else printText(findings, sums, options.quiet, stdout);
    return exitStatus;
  },
});

interface Sums {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
}

function printJson(findings: readonly Finding[], summary: Sums & { exitStatus: number }, stdout: Sink): void {
  for (const { file, ...rest } of findings) {
    stdout.write(`${line({ type: "finding", ...pathJson("file", file), ...rest })}\n`);
  }
  stdout.write(`${line({ type: "summary", ...summary })}\n`);
}

const STYLES: Readonly<Record<string, Style>> = {
  error: "red",
  warning: "yellow",
  info: "cyan",
  debug: "dim",
};

function printText(findings: readonly Finding[], sums: Sums, quiet: boolean, stdout: Sink): void {
  const paint = painter(stdout);
  const width = Math.min(stdout.columns ?? 100, 100);
  for (const finding of findings) stdout.write(`${findingText(finding, quiet, paint, width)}\n`);
  if (!quiet) stdout.write(`${verdict(sums)}\n`);
}

function findingText(finding: Finding, quiet: boolean, paint: Paint, width: number): string {
  const { severity, message, code, title, why, wayOut } = finding;
  const label = paint(STYLES[severity] ?? "bold", severity);
  const head = `${paint("bold", place(finding))}: ${label}: ${message} ${paint("dim", `[${code}]`)}`;
  if (quiet) return head;
  const refused = wayOut === message;
  const explained = refused ? why : `${title}. ${why}`;
  const texts = [explained, ...(refused ? [] : [wayOut])].filter((text) => text !== "");
  const indented = texts.map((text) => `    ${wrap(text, width - 4).replaceAll("\n", "\n    ")}`);
  return [head, ...indented].join("\n");
}

/** FILE:LINE:COLUMN, as far as they are known: of a file as a whole there is no line. */
function place({ file, line: number, column }: Finding): string {
  const numbers = number === 0 ? "" : column === 0 ? `:${number}` : `:${number}:${column}`;
  return `${show(file as Bytes)}${numbers}`;
}

function verdict({ errors, warnings, infos }: Sums): string {
  const parts = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
    ...(infos > 0 ? [counted(infos, "remark")] : []),
  ];
  return parts.length === 0 ? "Nothing to complain about." : `${parts.join(", ")}.`;
}
