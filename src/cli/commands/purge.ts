/** mayfly purge. */
import { verbCommand } from "../verbs/command.js";

export const purge = verbCommand({
  operation: "purge",
  description: `Removes what the lines marked with $ in the given files have created, with everything below it. For the removal
of a package; it is rarely the command you want, so try it with --dry-run first.`,
  examples: [["mayfly purge --dry-run app.conf", "Show what would be removed with the package"]],
});
