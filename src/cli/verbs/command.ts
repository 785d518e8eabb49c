import { type Bytes, show } from "../../base/bytes.js";
import type { Operation } from "../../base/events.js";
import { run, type Summary } from "../../tmpfiles/index.js";
import { type Command, defineCommand, type Invocation, type Section, UsageError } from "../options.js";
import { given, INLINE, refusalOf, rootProblem, SELECTION, selectionOf } from "../selection.js";
import { indexPath } from "./index-path.js";
import { jsonReporter } from "./json.js";
import { FRIENDLY } from "./options.js";
import { newTally } from "./tally.js";
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
    description: `${verb.description}\n\n${OPERANDS}`,
    operands: "config",
    options: OPTIONS,
    examples: verb.examples,
    sections: SECTIONS,
    main: (invocation) => perform(verb.operation, invocation),
  });
}

const OPERANDS = `CONFIG is the name of a file in the configuration directories or else in the current directory, a path, or
- for standard input. If no CONFIG is given, all configuration files are used.`;

const SECTIONS: readonly Section[] = [
  {
    title: "Exit status",
    text: `**0** when all went well; **64** when the command line is wrong; **65** when lines of the configuration had to be
left out, and nothing else failed; **73** when something could not be carried out; **1** when anything else failed. That
an ordinary user may not look into a directory is told, and is no failure.`,
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
  const refusal = refusalOf(options, operands, { operations: [operation], show: false });
  if (refusal !== undefined) throw new UsageError(refusal);
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
  const summary = lenient(
    run(
      { ...selection, inWorkingDirectory: true, operations: [operation], dryRun, ...jobs, index },
      reporter,
    ),
  );
  reporter.finish(summary, (performance.now() - started) / 1000);
  return summary.exitStatus;
}

/** Who is not root may not look into every directory: that is told, and is no failure. */
function lenient(summary: Summary): Summary {
  const onlyUnreadable =
    summary.exitStatus === 73 && summary.failed === 0 && (summary.kept.unreadable ?? 0) > 0;
  return onlyUnreadable && process.geteuid?.() !== 0 ? { ...summary, exitStatus: 0 } : summary;
}

function jobsOf(text: Bytes | undefined): { readonly jobs?: number } {
  if (text === undefined) return {};
  const jobs = Number(text);
  if (!/^\d+$/.test(text) || jobs < 1 || jobs > 1024) {
    throw new UsageError(`option '--jobs' expects a number from 1 to 1024, not '${show(text)}'`);
  }
  return { jobs };
}
