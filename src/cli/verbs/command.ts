/** Builds the commands clean, create, remove and purge. */
import { type Bytes, escapeForDisplay, isAbsolute } from "../../base/bytes.js";
import type { Operation, Reporter } from "../../base/events.js";
import { type ExitStatus, runSync, type Summary } from "../../tmpfiles/index.js";
import { CONFIG_OPTIONS, configOptionsOf, given, INLINE, refusalOf, rootProblem } from "../config-options.js";
import { untilSignal } from "../interruption.js";
import {
  type Command,
  defineCommand,
  type Invocation,
  type Section,
  UsageError,
  type Values,
} from "../options.js";
import { indexPath } from "./index-path.js";
import { jsonReporter } from "./json.js";
import type { MetricsFile } from "./metrics-file.js";
import { AD_HOC_OPTIONS, FRIENDLY } from "./options.js";
import { newSummaryCounts, type SummaryCounts } from "./summary-counts.js";
import { textReporter } from "./text.js";

/** What distinguishes one of the four verbs. */
export interface Verb {
  readonly operation: Operation;
  readonly description: string;
  /** The verb needs --all before it applies the whole configuration of the host. */
  readonly wantsAll?: true;
  /** The operands may be paths to clean by age, with --older-than. */
  readonly adHoc?: true;
  readonly files?: NonNullable<Command["files"]>;
  readonly examples: NonNullable<Command["examples"]>;
}

const OPTIONS = [...FRIENDLY, ...CONFIG_OPTIONS, INLINE] as const;
const ALL = { name: "all", help: "Apply all configuration of the host if no CONFIG is given" } as const;
const WITH_ALL = [ALL, ...OPTIONS] as const;
const WITH_AD_HOC = [...OPTIONS, ...AD_HOC_OPTIONS] as const;
/** The options that `perform` reads. Those that a verb does not have are undefined. */
type VerbValues = Values<typeof WITH_ALL> & Partial<Values<typeof AD_HOC_OPTIONS>>;

export function verbCommand(verb: Verb): Command {
  return defineCommand({
    name: verb.operation,
    synopsis: synopsisOf(verb),
    description: `${verb.description}\n\n${verb.operation === "purge" ? PURGE_OPERANDS : OPERANDS}`,
    operands: "config",
    options: verb.adHoc ? WITH_AD_HOC : verb.wantsAll ? WITH_ALL : OPTIONS,
    examples: verb.examples,
    sections: SECTIONS,
    ...(verb.files === undefined ? {} : { files: verb.files }),
    main: (invocation) => perform(verb, invocation as VerbInvocation),
  });
}

type VerbInvocation = Omit<Invocation, "options"> & { readonly options: VerbValues };

function synopsisOf({ operation, adHoc }: Verb): string {
  if (operation === "purge") return "[OPTION]... CONFIG...";
  return `[OPTION]... [CONFIG]...${adHoc ? " | PATH... --older-than=AGE [OPTION]..." : ""}`;
}

const PLACES = `CONFIG is the name of a file in the configuration directories or else in the current directory, a path, or
- for standard input.`;

const OPERANDS = `${PLACES} If no CONFIG is given, all configuration files are used.`;

const PURGE_OPERANDS = `${PLACES} At least one is required.`;

const SECTIONS: readonly Section[] = [
  {
    title: "Exit status",
    text: `**0** on success; **64** if the command line is invalid; **65** if invalid lines of the configuration were ignored
and nothing else failed; **73** if an operation failed; **1** on any other failure. Directories that an ordinary user
cannot read are reported but do not affect the exit status.`,
  },
  {
    title: "JSON",
    text: `With **--json** each event is one line with a **type**: *removed*, *kept*, *created*, *changed*, *failed*,
*skipped* or *diagnostic*. The last line is the *summary*. If the command itself fails, the last line is an *error*.
**path** is text; if the name is not valid UTF-8, **pathBase64** has its bytes. Sizes are in bytes. Times are RFC 3339 in
UTC to the nanosecond. **done** is false in a dry run. **source** is the configuration line that caused the event: *file*,
*line* and *text*.`,
  },
];

async function perform(verb: Verb, invocation: VerbInvocation): Promise<number> {
  const { operation } = verb;
  const { options, stdout, stderr, how } = invocation;
  const { lines, operands } = await configured(verb, invocation);
  const problem = rootProblem(given(options.root));
  if (problem !== undefined) throw new Error(problem);
  const jobs = jobsOf(options.jobs);
  const image = given(options.image);
  if (image !== undefined && how.mountedImage === undefined) {
    const { runInImage } = await import("../image-command.js");
    const settings = { policy: options["image-policy"], readOnly: options["dry-run"] };
    return runInImage(image, settings, invocation);
  }
  const dryRun = options["dry-run"];
  const started = performance.now();
  const counts = newSummaryCounts();
  const reporter = options.json
    ? jsonReporter(counts, stdout, { dryRun })
    : textReporter(counts, { stdout, stderr }, { dryRun, verbose: options.verbose, quiet: options.quiet });
  const configOptions = { ...configOptionsOf(options, operands, how), ...lines };
  // With another root, the index would belong to another system.
  const noted = operation === "clean" && !options["no-index"] && configOptions.root === undefined;
  const index = noted ? indexPath() : undefined;
  const metrics = await metricsOf(operation, options, configOptions.root, reporter);
  const operations = [operation];
  const wanted = { ...configOptions, inWorkingDirectory: true, operations, dryRun, ...jobs, index };
  return untilSignal(invocation, async (stop) => {
    const outcome = runSync({ ...wanted, stop }, metrics?.reporter ?? reporter);
    const summary = { ...outcome, exitStatus: statusOf(outcome, counts) };
    reporter.finish(summary, (performance.now() - started) / 1000);
    await metrics?.write(summary);
    return summary.exitStatus;
  });
}

async function metricsOf(
  operation: Operation,
  options: VerbValues,
  root: Bytes | undefined,
  reporter: Reporter,
): Promise<MetricsFile | undefined> {
  const file = options["metrics-file"];
  if (file === undefined) return undefined;
  const path = given(file);
  if (path === undefined) throw new UsageError("option '--metrics-file' expects a path, not an empty string");
  const { metricsFile } = await import("./metrics-file.js");
  return metricsFile({ path, operation, dryRun: options["dry-run"], root }, reporter);
}

/** The operands, or with --older-than the lines that they are translated to. */
async function configured(verb: Verb, { options, operands }: VerbInvocation) {
  if (verb.adHoc !== undefined) {
    const { adHocLines, directoryHint, requireOlderThan } = await import("./ad-hoc.js");
    const wanted = options as Required<VerbValues>;
    if (options["older-than"] !== undefined) {
      return { operands, lines: { args: await adHocLines(wanted, operands), inline: true } };
    }
    requireOlderThan(wanted);
    const hint = options.inline ? undefined : directoryHint(operands);
    if (hint !== undefined) throw new UsageError(hint);
  }
  requireUsable(verb, options, operands);
  return { operands, lines: {} };
}

function requireUsable(verb: Verb, options: VerbValues, operands: readonly Bytes[]): void {
  if (verb.operation === "purge" && operands.length === 0) throw new UsageError("missing CONFIG");
  for (const name of ["prefix", "exclude-prefix"] as const) {
    const relative = options[name].find((path) => !isAbsolute(path));
    if (relative === undefined) continue;
    throw new UsageError(`option '--${name}' expects an absolute path, not '${escapeForDisplay(relative)}'`);
  }
  const wanted = { operations: [verb.operation], show: false };
  const refusal = refusalWithoutOperands(verb, options, operands) ?? refusalOf(options, operands, wanted);
  if (refusal !== undefined) throw new UsageError(refusal);
}

/** Why the command line is refused if it would apply to the whole host without an explicit request. */
function refusalWithoutOperands(
  { operation, wantsAll }: Verb,
  options: VerbValues,
  operands: readonly Bytes[],
) {
  if (operands.length > 0) return undefined;
  if (options.inline) return "Option --inline requires at least one line of configuration as an operand.";
  const elsewhere = given(options.root) !== undefined || given(options.image) !== undefined;
  if (!wantsAll || options.all || options["dry-run"] || elsewhere) return undefined;
  return `Refusing to ${operation} by all configuration of this host. Specify a CONFIG, preview with --dry-run, or use --all.`;
}

/**
 * The exit status of the run, with two exceptions: a directory that an ordinary user cannot read is not a failure, and an
 * invalid line always is, even if systemd-tmpfiles only reports it.
 */
function statusOf({ exitStatus, failed, kept }: Summary, { errors, fileErrors }: SummaryCounts): ExitStatus {
  const onlyUnreadable = exitStatus === 73 && failed === 0 && (kept.unreadable ?? 0) > 0;
  const status = onlyUnreadable && process.geteuid?.() !== 0 ? 0 : exitStatus;
  const onlyLines = errors > 0 && fileErrors === 0 && failed === 0;
  return onlyLines && (status === 0 || status === 1) ? BROKEN_LINES : status;
}

/** EX_DATAERR. */
const BROKEN_LINES = 65;

function jobsOf(text: Bytes | undefined): { readonly jobs?: number } {
  if (text === undefined) return {};
  const jobs = Number(text);
  if (!/^\d+$/.test(text) || jobs < 1 || jobs > 1024) {
    throw new UsageError(`option '--jobs' expects a number from 1 to 1024, not '${escapeForDisplay(text)}'`);
  }
  return { jobs };
}
