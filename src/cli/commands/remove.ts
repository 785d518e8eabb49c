/** mayfly remove. */
import { verbCommand } from "../verbs/command.js";

export const remove = verbCommand({
  operation: "remove",
  wantsAll: true,
  description: `Removes what r and R lines in tmpfiles.d(5) name, and empties the directories of D lines, whatever the age
of what is in them. Lines marked with ! are only applied with --boot.

It is meant for the boot, when nothing runs yet: on a running host it empties what programs use. So it wants a CONFIG, or
--all.`,
  examples: [
    ["mayfly remove --dry-run --boot", "What the next boot would remove"],
    ["mayfly remove legacy.conf", "Remove what one file names"],
  ],
});
