/** mayfly mktemp: a temporary file or directory for shell scripts. */
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
    "Creates a file that only you can read, or with -d a directory, and prints its path. In TEMPLATE, the last run of three or more X's is replaced by 128 random bits; the default is tmp.XXX.\n\nIt is not removed and not locked when mayfly exits: cleaners remove it when it is old. For a directory that is locked while a command runs, and is removed with it, see mayfly with-dir.",
  operands: "none",
  options: [
    { name: "directory", short: "d", help: "Create a directory, not a file" },
    { name: "quiet", short: "q", help: "Suppress error messages on failure" },
    { short: "t", help: "Prefer $TMPDIR to DIR, as mktemp(1) does with -t" },
    { name: "dry-run", short: "u", help: "Refused: a name alone protects nothing", hidden: true },
    ...PLACEMENT,
  ],
  examples: [
    ['f=$(mayfly mktemp) && sort list > "$f"', "a file with mode 0600 in $TMPDIR or /tmp"],
    [
      'd=$(mayfly mktemp -d) && exec 9< "$d" && flock -s 9',
      "a directory that cleaners skip for as long as this shell runs",
    ],
  ],
  sections: [
    {
      title: "Differences from mktemp(1)",
      text: "A template without a directory is created in $TMPDIR or /tmp, not in the working directory. **--tmpdir** needs its DIR. **--dry-run** is refused, since a name alone protects nothing: create a directory with **-d** and use any name in it. A directory in which others could replace what is created is refused. The random part is always 32 digits long.",
    },
    {
      title: "Exit status",
      text: "**0** if the file or directory was created and its path was printed; else **1**, and nothing is left. **64** if the command line is invalid.",
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

/** Under a name of its own from here on, so that no sweep takes it for something left behind. */
function newFile(placement: PlacementOptions & NameOptions): Bytes {
  using made = mkstempSync(placement);
  const { prefix, suffix } = nameParts(placement);
  const path = join(dirname(fromBuffer(made.pathBuffer)), freshName(prefix, suffix));
  made.persistSync(toBuffer(path), { fsync: false });
  return path;
}
