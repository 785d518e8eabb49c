/** mayfly mktemp: creates a temporary file or directory for shell scripts. */
import { rmdirSync, unlinkSync } from "node:fs";
import { type Bytes, dirname, escapeForDisplay, fromBuffer, join, toBuffer } from "../../base/bytes.js";
import {
  freshName,
  mkdtempSync,
  mkstempSync,
  type NameOptions,
  nameParts,
  type PlacementOptions,
} from "../../temp/index.js";
import { defineCommand, UsageError } from "../options.js";
import { PLACEMENT, templatePlacement } from "../placement.js";

export const mktemp = defineCommand({
  name: "mktemp",
  synopsis: "[OPTION]... [TEMPLATE]",
  description:
    "Creates a file that only you can access, or a directory with -d, and prints its path. In TEMPLATE, the last run of three or more X's is replaced by 128 random bits; the default is tmp.XXX.\n\nThe file stays, unlocked, after mayfly exits; cleaners remove it once it is old enough. For a directory that is locked while a command runs and removed afterwards, see mayfly with-dir.",
  operands: "none",
  options: [
    { name: "directory", short: "d", help: "Create a directory instead of a file" },
    { name: "quiet", short: "q", help: "Suppress error messages on failure" },
    { short: "t", help: "Prefer $TMPDIR to the DIR of -p, as in mktemp(1)" },
    { name: "dry-run", short: "u", help: "Rejected: a name alone protects nothing", hidden: true },
    ...PLACEMENT,
  ],
  examples: [
    ['f=$(mayfly mktemp) && sort list > "$f"', "Create a file with mode 0600 in $TMPDIR or /tmp"],
    [
      'd=$(mayfly mktemp -d) && exec 9< "$d" && flock -s 9',
      "Create a directory that cleaners skip as long as this shell runs",
    ],
  ],
  sections: [
    {
      title: "Differences from mktemp(1)",
      text: "The file for a template without a directory is created in $TMPDIR or /tmp, not in the working directory. **--tmpdir** requires its DIR. **--dry-run** is rejected, since a name alone protects nothing: create a directory with **-d** and use any name in it. A directory in which other users could replace the file is rejected. The random part always has 32 digits.",
    },
    {
      title: "Exit status",
      text: "**0** if the file or directory was created and its path was printed; **64** if the command line is invalid; **1** on any other failure, which leaves no file behind.",
    },
  ],
  main({ options, operands, stdout, stderr, program }) {
    if (options["dry-run"]) {
      throw new UsageError(
        'a name alone protects nothing: create a directory with "mayfly mktemp -d" and use any name in it',
      );
    }
    const [template = "tmp.XXX" as Bytes, ...more] = operands;
    if (more.length > 0) throw new UsageError("expected at most one TEMPLATE");
    const placement = templatePlacement(options.t ? asWithT(options, template) : options, template);
    try {
      const path = options.directory ? newDirectory(placement) : newFile(placement);
      stdout.write(toBuffer(`${path}\n` as Bytes));
      stdout.flush();
      if (!stdout.closed) return 0;
      (options.directory ? rmdirSync : unlinkSync)(toBuffer(path));
      if (stdout.problem === undefined && !options.quiet) {
        stderr.write(`${program}: cannot write to standard output; nothing was created\n`);
      }
      return 1;
    } catch (error) {
      if (options.quiet) return 1;
      throw error;
    }
  },
});

type Placement = Parameters<typeof templatePlacement>[0];

function asWithT(options: Placement, template: Bytes): Placement {
  if (template.includes("/")) {
    throw new UsageError(
      `invalid template "${escapeForDisplay(template)}": must not contain "/" if -t is given`,
    );
  }
  return (process.env.TMPDIR ?? "") === "" ? options : { ...options, tmpdir: undefined };
}

function newDirectory(placement: PlacementOptions & NameOptions): Bytes {
  const made = mkdtempSync(placement);
  made.detach();
  return fromBuffer(made.pathBuffer);
}

/** Renames the file to a name without Mayfly's mark, so that no sweep treats it as abandoned. */
function newFile(placement: PlacementOptions & NameOptions): Bytes {
  using made = mkstempSync(placement);
  const { prefix, suffix } = nameParts(placement);
  const path = join(dirname(fromBuffer(made.pathBuffer)), freshName(prefix, suffix));
  made.persistSync(toBuffer(path), { fsync: false });
  return path;
}
