/** mayfly uninstall: puts back what was there before `mayfly install`. */
import { escapeForDisplay } from "../../base/bytes.js";
import {
  afterUninstall,
  beforeUninstall,
  hostAt,
  readManifest,
  type Uninstalled,
  uninstallSync,
} from "../../install/index.js";
import { requireNoOperands } from "../command-line.js";
import { given, rootProblem } from "../config-options.js";
import { json, stepJson, stepText, textField } from "../install/output.js";
import { defineCommand, UsageError } from "../options.js";

export const uninstall = defineCommand({
  name: "uninstall",
  synopsis: "[OPTION]...",
  description: `Removes what **mayfly install** installed, and puts back what it replaced: contents, modes, owners and symlinks. Other
cleaners that it turned off run again. A file that was changed after the installation is reported and left as it is.`,
  operands: "none",
  options: [
    { name: "user", help: "Uninstall the units of the user's own service manager" },
    { name: "root", value: "PATH", completes: "directory", help: "Uninstall in the tree below PATH" },
    { name: "dry-run", short: "n", help: "Print what would be changed without changing anything" },
    { name: "json", help: "Print one JSON object per line: each change, then a summary" },
  ],
  examples: [
    ["mayfly uninstall --dry-run", "Print what would be put back"],
    ["mayfly uninstall", "Put it back"],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** if nothing of Mayfly is installed any more; **64** if the command line is invalid; **1** on any other failure, also if a file
was left since it was changed.`,
    },
  ],
  main({ program, options, operands, stdout, stderr }) {
    requireNoOperands(operands);
    const root = given(options.root);
    if (options.user && root !== undefined)
      throw new UsageError("options '--user' and '--root' cannot be combined");
    const problem = rootProblem(root);
    if (problem !== undefined) throw new Error(problem);
    const host = hostAt(root, options.user);
    const dryRun = options["dry-run"];
    const jobs = readManifest(host.root, host.state);
    const installed = jobs !== undefined;
    const early = installed && !dryRun ? beforeUninstall(host, jobs) : [];
    const result = uninstallSync(host, { dryRun }) ?? { steps: [], left: [] };
    const late = installed && !dryRun ? afterUninstall(host, jobs, result.steps) : [];
    const exitStatus = result.left.length > 0 ? 1 : 0;
    const warnings = [...early, ...late];
    if (options.json) {
      stdout.write(jsonOf(result, warnings, { installed, dryRun, exitStatus }));
      return exitStatus;
    }
    if (!installed) stdout.write("Nothing is installed.\n");
    for (const step of result.steps) stdout.write(stepText(step, dryRun));
    for (const path of result.left) stderr.write(`${program}: ${escapeForDisplay(path)}: ${CHANGED}\n`);
    for (const warning of warnings) stderr.write(`${program}: warning: ${warning}\n`);
    return exitStatus;
  },
});

const CHANGED = "was changed after the installation, and is left as it is; remove it if you do not need it";

function jsonOf(
  { steps, left }: Uninstalled,
  warnings: readonly string[],
  summary: { readonly installed: boolean; readonly dryRun: boolean; readonly exitStatus: number },
): string {
  return [
    ...steps.map(stepJson),
    ...left.map((path) => json({ type: "left", ...textField("path", path), message: CHANGED })),
    ...warnings.map((message) => json({ type: "warning", message })),
    json({ type: "summary", ...summary, changes: steps.length }),
  ].join("");
}
