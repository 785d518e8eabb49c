/** Prints an audit as text: each finding with its line, the way of the value, what an attacker gains, and the fix. */
import { type AuditFinding, type PathStep, ruleOf, type SkippedFile } from "../../audit/index.js";
import { type Bytes, bytes, escapeForDisplay } from "../../base/bytes.js";
import type { Colorize, Style } from "../colors.js";
import { counted } from "../format.js";
import { wrap } from "../wrap.js";
import { type AuditResult, countOf } from "./result.js";

export interface AuditFormat {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly colorize: Colorize;
  readonly width: number;
}

const STYLES: Readonly<Record<string, Style>> = { error: "red", warning: "yellow", note: "cyan" };
const INDENT = "    ";
const LONGEST_LINE = 160;

export function auditText(result: AuditResult, format: AuditFormat): string {
  const { findings, suppressed, skipped } = result;
  const { quiet, verbose, colorize } = format;
  const reported = findings.map((each) => findingText(each, format)).join("");
  if (quiet) return reported;
  const details = verbose
    ? [
        ...suppressed.map((each) => `${head(each, colorize, `suppressed: ${each.suppressed}`)}`),
        ...skipped.map((each) => skippedText(each, colorize)),
      ].join("")
    : skipped
        .filter(({ reason }) => reason !== "test")
        .map((each) => skippedText(each, colorize))
        .join("");
  return `${reported}${details}${summary(result)}`;
}

function findingText(finding: AuditFinding, { quiet, colorize, width }: AuditFormat): string {
  const first = head(finding, colorize, finding.message);
  if (quiet) return first;
  const { risk, fix } = ruleOf(finding.rule);
  const line = escapeForDisplay(finding.text.trim().slice(0, LONGEST_LINE) as Bytes);
  const steps = finding.steps.slice(0, -1).map((step) => stepText(step, finding));
  const explained = [risk, fix].map((text) => indented(wrap(text, width - INDENT.length)));
  return `${first}${indented(line)}${steps.join("")}${explained.join("")}`;
}

function head(finding: AuditFinding, colorize: Colorize, text: string): string {
  const { file, line, column, severity, rule, unparsed } = finding;
  const place = colorize("bold", `${escapeForDisplay(file)}:${line}:${column}`);
  const label = colorize(STYLES[severity] ?? "bold", severity);
  const tag = colorize("dim", `[${rule}${unparsed ? ", unparsed" : ""}]`);
  return `${place}: ${label}: ${shown(text)} ${tag}\n`;
}

/** Messages quote the audited text, whose characters are bytes. */
function shown(text: string): string {
  return escapeForDisplay(text as Bytes);
}

function stepText({ file, line, column, message }: PathStep, finding: AuditFinding): string {
  const where = file === finding.file ? `${line}:${column}` : `${escapeForDisplay(file)}:${line}:${column}`;
  return indented(`${where}: ${shown(message)}`);
}

const REASONS: Readonly<Record<SkippedFile["reason"], string>> = {
  binary: "not analyzed: not text",
  "too-large": "not analyzed: larger than 8 MB",
  unreadable: "not analyzed: cannot be read",
  "too-slow": "not analyzed: parsing took too long",
  test: "not analyzed: a test (use --tests to include it)",
  "not-regular": "not analyzed: not a regular file",
  failed: "not analyzed: the analysis failed",
};

function skippedText({ file, reason, detail }: SkippedFile, colorize: Colorize): string {
  const why = detail === undefined ? "" : ` (${escapeForDisplay(bytes(detail))})`;
  return `${colorize("bold", escapeForDisplay(file))}: ${REASONS[reason]}${why}\n`;
}

function summary({ findings, suppressed, inBaseline, skipped, files }: AuditResult): string {
  const tests = skipped.filter(({ reason }) => reason === "test").length;
  const parts = [
    ...(["error", "warning", "note"] as const)
      .map((severity) => [countOf(findings, severity), severity] as const)
      .filter(([count]) => count > 0)
      .map(([count, severity]) => counted(count, severity)),
    ...(suppressed.length > 0 ? [`${suppressed.length} suppressed`] : []),
    ...(inBaseline > 0 ? [`${inBaseline} in the baseline`] : []),
  ];
  const found = parts.length === 0 ? "No problems found" : parts.join(", ");
  const left = tests > 0 ? `, ${counted(tests, "test")} left out` : "";
  return `${found} in ${counted(files, "file")}${left}.\n`;
}

function indented(text: string): string {
  return `${INDENT}${text.replaceAll("\n", `\n${INDENT}`)}\n`;
}
