/** mayfly reap: removes private directories that killed commands left behind. */
import { type Reaped, reapSync as reapStale } from "../../private-tmp/index.js";
import { requireNoOperands } from "../command-line.js";
import { defineCommand } from "../options.js";

export const reap = defineCommand({
  name: "reap",
  synopsis: "[OPTION]...",
  description:
    "Removes the directories of private /tmps that were left behind because mayfly was killed. It removes a directory only if it is provably unused: its lock is free, no process has it mounted, and no process that cannot be inspected may be using it. Directories of systemd are left to systemd.",
  operands: "none",
  options: [
    { name: "dry-run", short: "n", help: "Show what would be removed without removing anything" },
    { name: "verbose", short: "v", help: "Also list each directory that is kept, with the reason" },
  ],
  async main({ options, operands, stdout }) {
    requireNoOperands(operands);
    const all = reapStale({ dryRun: options["dry-run"] });
    if (all.length === 0) stdout.write("Nothing to remove.\n");
    for (const each of all) {
      if (each.action !== "kept" || options.verbose || options["dry-run"])
        stdout.write(`${sentence(each)}\n`);
    }
    return 0;
  },
});

const WORDS = { removed: "removed", "would-remove": "would remove", kept: "kept" } as const;

function sentence({ action, path, reason }: Reaped): string {
  return `${WORDS[action]} ${path}${reason === undefined ? "" : `: ${reason}`}`;
}
