import { verbCommand } from "../verbs/command.js";

export const remove = verbCommand({
  operation: "remove",
  description: `Removes what r and R lines in tmpfiles.d(5) name, and empties the directories of D lines, whatever the age
of what is in them. Lines marked with ! only count with --boot.`,
  examples: [
    ["mayfly remove --dry-run --boot", "What would go at the next boot"],
    ["mayfly remove legacy.conf", "Remove what one file names"],
  ],
});
