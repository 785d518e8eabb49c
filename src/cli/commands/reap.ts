import { type Reaped, reap as reapStale } from "../../private-tmp/index.js";
import { defineCommand } from "../options.js";

export const reap = defineCommand({
  name: "reap",
  synopsis: "[OPTION]...",
  description:
    "Removes the directories of private /tmps whose commands, or mayfly itself, were killed before they could. It removes only what it can prove unused: nobody holds the lock, no process has it mounted, and there is no process that may not be looked at. systemd's are left to systemd.",
  operands: "none",
  options: [
    { name: "dry-run", short: "n", help: "Say what would be removed, and remove nothing" },
    { name: "verbose", short: "v", help: "Say also what stays, and why" },
  ],
  async main({ options, stdout }) {
    const all = await reapStale({ dryRun: options["dry-run"] });
    for (const each of all) {
      if (each.action !== "kept" || options.verbose || options["dry-run"])
        stdout.write(`${sentence(each)}\n`);
    }
    return 0;
  },
});

const SAYS = { removed: "removed", "would-remove": "would remove", kept: "keeps" } as const;

function sentence({ action, path, reason }: Reaped): string {
  return `${SAYS[action]} ${path}${reason === undefined ? "" : `: ${reason}`}`;
}
