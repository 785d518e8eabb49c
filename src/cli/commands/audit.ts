/** mayfly audit: finds unsafe uses of shared temporary directories in source code. */
import { writeFileSync } from "node:fs";
import {
  AUDIT_RULES,
  type AuditFinding,
  type AuditReport,
  type AuditSeverity,
  applyFixes,
  auditHost,
  audit as auditSources,
  auditUnits,
  baselineText,
  readBaseline,
} from "../../audit/index.js";
import { type Bytes, escapeForDisplay, toBuffer, toText } from "../../base/bytes.js";
import { githubText } from "../audit/github.js";
import { auditJson } from "../audit/json.js";
import type { AuditResult } from "../audit/result.js";
import { sarifText } from "../audit/sarif.js";
import { auditText } from "../audit/text.js";
import { colors } from "../colors.js";
import { defineCommand, UsageError } from "../options.js";
import type { OutputStream } from "../output-stream.js";

const FOUND = 1;
const FAILED = 2;
const FORMATS = ["text", "json", "sarif", "github"] as const;
const LEVELS = ["error", "warning", "note", "none"] as const;
const SEVERITIES: readonly AuditSeverity[] = ["error", "warning", "note"];

export const audit = defineCommand({
  name: "audit",
  synopsis: "[OPTION]... [PATH]...",
  description: `Finds places in source code that use /tmp, /var/tmp or /dev/shm unsafely: files with names that other users can guess,
directories that another user may own, functions that return a name without creating the file. A path in the text is not a
finding by itself: it must reach a call that creates, writes, changes, executes or trusts it.

PATH is a file or a directory; the default is the current directory. Symbolic links are not followed. C, C++, Python, shell,
JavaScript, TypeScript and Go are parsed; Perl, PHP and Ruby are searched by pattern, and their findings are marked as
unparsed. Container files and Kubernetes manifests are audited too. Tests are left out, since the paths in them are usually made up.`,
  operands: "file",
  usageStatus: FAILED,
  options: [
    { name: "json", help: "Print one JSON object per line: each finding, then a summary" },
    {
      name: "format",
      value: "FORMAT",
      choices: FORMATS,
      help: "Print text (default), JSON lines, SARIF 2.1.0, or annotations for GitHub Actions",
    },
    { name: "quiet", short: "q", help: "Print one line per finding, without explanation and summary" },
    {
      name: "verbose",
      short: "v",
      help: "List each file that was not analyzed, with the reason, and each finding that is suppressed",
    },
    {
      name: "ignore",
      value: "RULE",
      multiple: true,
      help: "Ignore findings of this rule (or a comma-separated list of rules); may be repeated",
    },
    {
      name: "fail-on",
      value: "LEVEL",
      choices: LEVELS,
      help: "Exit with status 1 if there are findings of at least this severity (default: warning)",
    },
    {
      name: "baseline",
      value: "FILE",
      completes: "file",
      help: "Report only findings that are not in FILE",
      more: "A finding is recognized by its rule, its file and its line's text, so that it is still known when other lines change.",
    },
    {
      name: "write-baseline",
      value: "FILE",
      completes: "file",
      help: "Write all findings to FILE, for --baseline, and exit with status 0",
    },
    {
      name: "units",
      help: "Audit systemd units instead; PATH is a directory with units, or the root of a host (default: this host)",
    },
    {
      name: "host",
      help: "Audit this host instead: kernel settings, mounts, permissions, processes of root, tmpfiles.d and cleaners",
    },
    {
      name: "root",
      value: "DIR",
      completes: "directory",
      help: "With --units or --host, audit the host below DIR: only what its files show",
    },
    {
      name: "fix",
      help: "Fix what can be fixed safely, and report the rest",
      more: "In shell, a variable that is set once to a name with $$ gets a name from mktemp(1), unless a line that uses it could notice that the file exists from the start. In Python, tempfile.mktemp() becomes tempfile.mkstemp(). Files of other users are left alone.",
    },
    { name: "tests", help: "Audit tests too" },
    { name: "jobs", short: "j", value: "N", help: "Use N threads (default: one per processor)" },
  ],
  examples: [
    ["mayfly audit", "Audit the current directory"],
    ["mayfly audit --format=sarif src", "Print SARIF for a code scanning service"],
    ["mayfly audit --fix debian", "Fix what can be fixed safely"],
    ["mayfly audit --write-baseline=audit.json", "Accept all present findings"],
    ["mayfly audit --baseline=audit.json", "Report what is new"],
    ["mayfly audit --units", "Audit the units of this host"],
    ["mayfly audit --host", "Audit the settings of this host"],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** if there are no findings of at least the severity of **--fail-on**; **1** if there are; **2** if the command line
is invalid, or if a PATH cannot be read.`,
    },
    {
      title: "Suppressing findings",
      text: `A comment on the line of a finding, or alone on the line above it, suppresses the rules that it names. It must give a reason:
**mayfly-ok TMP004: written at boot before users can log in**`,
    },
    {
      title: "JSON",
      text: `With **--json**, each line of output is a JSON object with a **type**: *finding*, *skipped* (a file that was not analyzed)
or *summary*, which is the last. If the command fails, it prints an object with the **type** *error*.`,
    },
    {
      title: "Rules",
      text: AUDIT_RULES.map(({ id, severity, title }) => `**${id}** (${severity}): ${title}.`).join("\n\n"),
    },
  ],
  async main({ program, options, operands, stdout, stderr }) {
    const format = options.json ? "json" : (FORMATS.find((each) => each === options.format) ?? "text");
    const ignored = new Set(options.ignore.flatMap(rulesOf));
    const root = rootOf(options);
    let result: AuditResult;
    try {
      const known = options.baseline === undefined ? undefined : readBaseline(options.baseline);
      const report = await reportOf(operands.map(pathOf), { ...options, root });
      if (options["write-baseline"] !== undefined)
        return accept(options["write-baseline"], report, options.quiet ? undefined : stdout);
      result = resultOf(report, ignored, known, options["fail-on"]);
    } catch (error) {
      return failed(error, { program, stdout, stderr, json: format === "json" });
    }
    const { quiet, verbose } = options;
    if (format === "json") stdout.write(auditJson(result));
    else if (format === "sarif") stdout.write(sarifText(result));
    else if (format === "github") stdout.write(githubText(result));
    else {
      const width = Math.min(stdout.columns ?? 100, 100);
      stdout.write(auditText(result, { quiet, verbose, colorize: colors(stdout), width }));
    }
    return result.exitStatus;
  },
});

interface AuditMode {
  readonly units: boolean;
  readonly host: boolean;
  readonly root: Bytes | undefined;
  readonly tests: boolean;
  readonly fix: boolean;
  readonly jobs: Bytes | undefined;
}

function rootOf(mode: Pick<AuditMode, "units" | "host" | "root" | "fix">): Bytes | undefined {
  const { units, host, root, fix } = mode;
  if (units && host) throw new UsageError("options '--units' and '--host' cannot be combined");
  if (units && fix) throw new UsageError("options '--units' and '--fix' cannot be combined");
  if (host && fix) throw new UsageError("options '--host' and '--fix' cannot be combined");
  if (root !== undefined && !units && !host)
    throw new UsageError("option '--root' needs '--units' or '--host'");
  return root;
}

async function reportOf(paths: readonly Bytes[], mode: AuditMode): Promise<AuditReport> {
  const { units, host, root, tests, fix, jobs } = mode;
  if (units) return auditUnits({ paths, root });
  if (host) {
    if (paths.length > 0) throw new UsageError("option '--host' needs no PATH. Use --root for another host");
    return auditHost(root);
  }
  const wanted = { paths: paths.length === 0 ? ["." as Bytes] : paths, tests, jobs: jobsOf(jobs) };
  const found = await auditSources(wanted);
  const fixable = fix ? found.findings.filter(({ suppressed }) => suppressed === undefined) : [];
  return applyFixes(fixable) > 0 ? await auditSources(wanted) : found;
}

function resultOf(
  report: AuditReport,
  ignored: ReadonlySet<string>,
  known: ((finding: AuditFinding) => boolean) | undefined,
  failOn: Bytes | undefined,
): AuditResult {
  const reported = report.findings.filter(({ rule }) => !ignored.has(rule));
  const suppressed = reported.filter((each) => each.suppressed !== undefined);
  const open = reported.filter((each) => each.suppressed === undefined);
  const fresh = known === undefined ? open : open.filter((each) => !known(each));
  const level = LEVELS.find((each) => each === failOn) ?? "warning";
  const failing = SEVERITIES.slice(0, level === "none" ? 0 : LEVELS.indexOf(level) + 1);
  return {
    findings: fresh,
    suppressed,
    inBaseline: open.length - fresh.length,
    skipped: report.skipped,
    files: report.files,
    bytes: report.bytes,
    exitStatus: fresh.some(({ severity }) => failing.includes(severity)) ? FOUND : 0,
  };
}

function accept(path: Bytes, { findings }: AuditReport, stdout: OutputStream | undefined): number {
  const open = findings.filter(({ suppressed }) => suppressed === undefined);
  writeFileSync(toBuffer(path), baselineText(open));
  stdout?.write(`Wrote ${open.length} findings to ${escapeForDisplay(path)}.\n`);
  return 0;
}

interface FailureOutput {
  readonly program: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly json: boolean;
}

async function failed(error: unknown, { program, stdout, stderr, json }: FailureOutput): Promise<number> {
  const message = error instanceof Error ? error.message : String(error);
  if (json) stdout.write(`${(await import("../verbs/json.js")).failureJson(message)}\n`);
  else stderr.write(`${program}: ${message}\n`);
  return FAILED;
}

function pathOf(operand: Bytes): Bytes {
  if (operand === "") throw new UsageError("PATH must not be empty");
  return operand;
}

/** The rules of one `--ignore`. */
function rulesOf(list: Bytes): string[] {
  const rules = toText(list)
    .split(",")
    .map((rule) => rule.trim())
    .filter((rule) => rule !== "");
  const unknown = rules.find((rule) => !AUDIT_RULES.some(({ id }) => id === rule));
  if (unknown === undefined) return rules;
  throw new UsageError(
    `option '--ignore': unknown rule '${escapeForDisplay(unknown as Bytes)}'. See mayfly-audit(1) for a list of rules`,
  );
}

function jobsOf(text: Bytes | undefined): number | undefined {
  if (text === undefined) return undefined;
  const jobs = Number(text);
  if (/^\d+$/.test(text) && jobs >= 1 && jobs <= 64) return jobs;
  throw new UsageError(`option '--jobs' expects a number from 1 to 64, not '${escapeForDisplay(text)}'`);
}
