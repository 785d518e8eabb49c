/** mayfly purge: removes what lines marked with $ have created. */
import { verbCommand } from "../verbs/command.js";

export const purge = verbCommand({
  operation: "purge",
  description: `Removes what the lines marked with $ in the given files have created, with everything below it. It is meant for
the removal of a package, and rarely what you need otherwise; preview it with --dry-run.`,
  examples: [["mayfly purge --dry-run app.conf", "Show what would be removed with the package"]],
});
