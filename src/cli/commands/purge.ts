import { verbCommand } from "../verbs/command.js";

export const purge = verbCommand({
  operation: "purge",
  description: `Removes what the lines marked with $ in the given files have created, with everything below it: for the time
when a package is removed. This is rarely the command you want: try it with --dry-run first.`,
  examples: [["mayfly purge --dry-run app.conf", "What would go together with the package"]],
});
