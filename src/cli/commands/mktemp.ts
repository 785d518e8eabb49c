import { type Bytes, fromBuffer, join, parent, toBuffer } from "../../base/bytes.js";
import { mkdtempSync } from "../../temp/directory.js";
import { mkstempSync } from "../../temp/named-file.js";
import { freshName } from "../../temp/names.js";
import { type NameOptions, nameParts, type PlacementOptions } from "../../temp/options.js";
import { defineCommand, UsageError } from "../options.js";
import { PLACEMENT, placementOf } from "../placement.js";

export const mktemp = defineCommand({
  name: "mktemp",
  synopsis: "[OPTION]... [TEMPLATE]",
  description:
    "Makes a file that only you can read, or with -d a directory, and prints its path. The name holds 128 random bits in place of the template's XXX; the template is tmp.XXX if not given.\n\nIt stays when mayfly has ended, without a lock: cleaners take it when it is old. For a directory that is locked while a command runs, and goes with it, see mayfly with-dir.",
  operands: "none",
  options: [
    { name: "directory", short: "d", help: "Make a directory, not a file" },
    { name: "quiet", short: "q", help: "Where it fails, tell so by the exit status alone" },
    ...PLACEMENT,
  ],
  examples: [
    ['f=$(mayfly mktemp) && sort list > "$f"', "a file of 0600 in $TMPDIR or /tmp"],
    [
      'd=$(mayfly mktemp -d) && exec 9< "$d" && flock -s 9',
      "a directory that cleaners pass by for as long as this shell lives",
    ],
  ],
  sections: [
    {
      title: "Differences from mktemp(1)",
      text: "There is no **--dry-run**, since a name alone protects nothing. A template has no directory in it: that is **--tmpdir**. A directory in which others could replace what is made is refused.",
    },
  ],
  main({ options, operands, stdout }) {
    if (operands.length > 1) throw new UsageError("there is more than one template");
    const placement = placementOf(options, operands[0]);
    try {
      const path = options.directory ? newDirectory(placement) : newFile(placement);
      stdout.write(toBuffer(`${path}\n` as Bytes));
      return 0;
    } catch (error) {
      if (options.quiet) return 1;
      throw error;
    }
  },
});

function newDirectory(placement: PlacementOptions & NameOptions): Bytes {
  const made = mkdtempSync(placement);
  made.detach();
  return fromBuffer(made.pathBuffer);
}

/** Under a name of its own from here on, it is nobody's leftover. */
function newFile(placement: PlacementOptions & NameOptions): Bytes {
  using made = mkstempSync(placement);
  const { prefix, suffix } = nameParts(placement);
  const path = join(parent(fromBuffer(made.pathBuffer)), freshName(prefix, suffix));
  made.persistSync(toBuffer(path), { fsync: false });
  return path;
}
