import { type Bytes, isAbsolute, show } from "../../base/bytes.js";
import type { Operation } from "../../base/events.js";
import { type ExitStatus, run, type Summary } from "../../tmpfiles/index.js";
import {
  type Command,
  defineCommand,
  type Invocation,
  type Section,
  UsageError,
  type Values,
} from "../options.js";
import { given, INLINE, refusalOf, rootProblem, SELECTION, selectionOf } from "../selection.js";
import { indexPath } from "./index-path.js";
import { jsonReporter } from "./json.js";
import { FRIENDLY } from "./options.js";
import { newTally, type Tally } from "./tally.js";
import { textReporter } from "./text.js";

/** What tells one of the four verbs from the others. */
export interface Verb {
  readonly operation: Operation;
  readonly description: string;
  readonly examples: NonNullable<Command["examples"]>;
}

const OPTIONS = [...FRIENDLY, ...SELECTION, INLINE] as const;

export function verbCommand(verb: Verb): Command {
  return defineCommand({
    name: verb.operation,
    synopsis: verb.operation === "purge" ? "[OPTION]... CONFIG..." : "[OPTION]... [CONFIG]...",
    description: `${verb.description}\n\n${verb.operation === "purge" ? PURGE_OPERANDS : OPERANDS}`,
    operands: "config",
    options: OPTIONS,
    examples: verb.examples,
    sections: SECTIONS,
    main: (invocation) => perform(verb.operation, invocation),
  });
}

const PLACES = `CONFIG is the name of a file in the configuration directories or else in the current directory, a path, or
- for standard input.`;

const OPERANDS = `${PLACES} If no CONFIG is given, all configuration files are used.`;

/** The one verb that wants a CONFIG. */
const PURGE_OPERANDS = `${PLACES} At least one is required.`;

const SECTIONS: readonly Section[] = [
  {
    title: "Exit status",
    text: `**0** when all went well; **64** when the command line is wrong; **65** when lines of the configuration had to be
ignored because they are wrong, and nothing else failed; **73** when something could not be carried out; **1** when anything
else failed. Directories that an unprivileged user cannot read are reported, but do not affect the exit status.`,
  },
  {
    title: "JSON",
    text: `With **--json** every event is one line with a **type**: *removed*, *kept*, *created*, *changed*, *failed*,
*skipped* or *diagnostic*; the last line is the *summary*. **path** is text; where the name is not UTF-8, **pathBase64**
has its bytes. Sizes are numbers of bytes, times are RFC 3339 in UTC to the nanosecond. **done** is false in a dry run.
**source** is the line that is the cause: *file*, *line* and *text*.`,
  },
];

async function perform(operation: Operation, invocation: Invocation<typeof OPTIONS>): Promise<number> {
  const { options, operands, stdout, stderr, how } = invocation;
  requireUsable(operation, options, operands);
  const problem = rootProblem(given(options.root));
  if (problem !== undefined) throw new Error(problem);
  const jobs = jobsOf(options.jobs);
  const image = given(options.image);
  if (image !== undefined && how.mountedImage === undefined) {
    const { enterImage } = await import("../image/enter.js");
    const settings = { policy: options["image-policy"], readOnly: options["dry-run"] };
    return enterImage(image, settings, invocation);
  }
  const dryRun = options["dry-run"];
  const started = performance.now();
  const tally = newTally();
  const reporter = options.json
    ? jsonReporter(tally, stdout, { dryRun })
    : textReporter(tally, { stdout, stderr }, { dryRun, verbose: options.verbose });
  const selection = selectionOf(options, operands, how);
  // Below another root the index would be that of another system.
  const noted = operation === "clean" && !options["no-index"] && selection.root === undefined;
  const index = noted ? indexPath() : undefined;
  const outcome = run(
    { ...selection, inWorkingDirectory: true, operations: [operation], dryRun, ...jobs, index },
    reporter,
  );
  const summary = { ...outcome, exitStatus: statusOf(outcome, tally) };
  reporter.finish(summary, (performance.now() - started) / 1000);
  return summary.exitStatus;
}

function requireUsable(
  operation: Operation,
  options: Values<typeof OPTIONS>,
  operands: readonly Bytes[],
): void {
  if (operation === "purge" && operands.length === 0)
    throw new UsageError("missing CONFIG: name what to purge");
  for (const name of ["prefix", "exclude-prefix"] as const) {
    const relative = options[name].find((path) => !isAbsolute(path));
    if (relative === undefined) continue;
    throw new UsageError(`option '--${name}' expects an absolute path, not '${show(relative)}'`);
  }
  const refusal = refusalOf(options, operands, { operations: [operation], show: false });
  if (refusal !== undefined) throw new UsageError(refusal);
}

/**
 * That of the run, but for two cases: a directory that an ordinary user cannot read is reported, and is not a failure; and a
 * line that is wrong always counts, also where systemd-tmpfiles only mentions it.
 */
function statusOf({ exitStatus, failed, kept }: Summary, { errors, fileErrors }: Tally): ExitStatus {
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
    throw new UsageError(`option '--jobs' expects a number from 1 to 1024, not '${show(text)}'`);
  }
  return { jobs };
}
