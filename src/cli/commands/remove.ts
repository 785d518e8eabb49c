/** mayfly remove: removes paths marked for removal. */
import { verbCommand } from "../verbs/command.js";

export const remove = verbCommand({
  operation: "remove",
  wantsAll: true,
  description: `Removes the paths of r and R lines in tmpfiles.d(5) and the contents of the directories of D lines, regardless of
age. Lines marked with ! are applied only with --boot.

It is meant for early boot. On a running host it removes files that programs are using, so it requires a CONFIG or
--all.`,
  examples: [
    ["mayfly remove --dry-run --boot", "Show what the next boot will remove"],
    ["mayfly remove legacy.conf", "Apply one file"],
  ],
});
