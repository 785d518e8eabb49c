/** mayfly install: sets the host up to create and clean by itself. */
import { type Bytes, bytes } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import {
  type ActiveCleaner,
  activeAdvice,
  afterInstall,
  checkProgram,
  detectInit,
  type Host,
  hostAt,
  INITS,
  type Init,
  type Installed,
  installSync,
  readManifest,
  runningProgram,
} from "../../install/index.js";
import { requireNoOperands } from "../command-line.js";
import { given, rootProblem } from "../config-options.js";
import { json, stepJson, stepText, textField } from "../install/output.js";
import { defineCommand, UsageError } from "../options.js";

/** Something else cleans the host already. */
const ACTIVE = 3;

export const install = defineCommand({
  name: "install",
  synopsis: "[OPTION]...",
  description: `Installs jobs that create what is configured in tmpfiles.d(5) at boot, and clean 15 minutes after boot and daily: units for
systemd, or jobs for cron and anacron. Run it again to update them; **mayfly uninstall** puts back what was there before.

If something else already cleans the host, such as **systemd-tmpfiles-clean.timer**, it changes nothing and exits with status 3.`,
  operands: "none",
  options: [
    {
      name: "init",
      value: "INIT",
      choices: INITS,
      help: "Install jobs for INIT: systemd, cron or anacron (default: what the host runs)",
    },
    { name: "user", help: "Install units for the user's own service manager and configuration" },
    { name: "root", value: "PATH", completes: "directory", help: "Install in the tree below PATH" },
    {
      name: "take-over",
      help: "Turn off other cleaners of the host until 'mayfly uninstall'",
      more: "Masks **systemd-tmpfiles-clean.timer**; makes **/etc/cron.daily/tmpreaper** and **tmpwatch** not executable.",
    },
    { name: "refresh", help: "Update what is installed after the configuration has changed" },
    {
      name: "dry-run",
      short: "n",
      help: "Print what would be changed, with the contents of files, and change nothing",
    },
    { name: "json", help: "Print one JSON object per line: each change, then a summary" },
  ],
  examples: [
    ["mayfly install --dry-run", "Print what would be installed on this host"],
    ["mayfly install --take-over", "Clean this host instead of systemd's own timer"],
    ["mayfly install --refresh", "Give the units access to the directories that the configuration ages now"],
    ["mayfly install --root /srv/image --init cron", "Prepare an image"],
  ],
  files: [
    ["/etc/systemd/system/mayfly-clean.service, mayfly-clean.timer", "The cleaning unit, and when it runs."],
    [
      "/etc/systemd/system/mayfly-setup.service, mayfly-setup-dev.service",
      "Set-up at boot, if systemd-tmpfiles is not installed.",
    ],
    ["/etc/cron.d/mayfly, /etc/cron.daily/mayfly", "The jobs for cron and anacron."],
    ["/var/lib/mayfly/install.json", "What was there before, for mayfly uninstall."],
  ],
  sections: [
    {
      title: "Exit status",
      text: `**0** if the jobs are installed; **3** if something else cleans the host, and nothing was changed; **64** if the command line is
invalid; **1** on any other failure.`,
    },
  ],
  main({ program, options, operands, stdout, stderr }) {
    requireNoOperands(operands);
    const host = hostOf(options);
    const init = initOf(host, options.init, options.refresh);
    if (host.user && init !== "systemd") throw new UsageError("option '--user' requires '--init systemd'");
    const started = runningProgram(bytes(process.argv[1] ?? ""));
    const warnings = checkProgram(host, started);
    const dryRun = options["dry-run"];
    const result = asPrivileged(host, () =>
      installSync({ host, init, program: started, takeOver: options["take-over"], dryRun }),
    );
    const late = dryRun || result.active.length > 0 ? [] : afterInstall(host, result.steps);
    const exitStatus = result.active.length > 0 ? ACTIVE : 0;
    const all = { ...result, warnings: [...warnings, ...result.warnings, ...late] };
    if (options.json) {
      stdout.write(jsonOf(all, { init, dryRun, exitStatus }));
      return exitStatus;
    }
    for (const step of all.steps) stdout.write(stepText(step, dryRun));
    if (exitStatus === 0 && all.steps.length === 0) stdout.write("Everything is installed already.\n");
    for (const each of all.active) stderr.write(`${program}: ${activeAdvice(each)}\n`);
    for (const warning of all.warnings) stderr.write(`${program}: warning: ${warning}\n`);
    return exitStatus;
  },
});

function hostOf(options: { readonly root: Bytes | undefined; readonly user: boolean }): Host {
  const root = given(options.root);
  if (options.user && root !== undefined)
    throw new UsageError("options '--user' and '--root' cannot be combined");
  const problem = rootProblem(root);
  if (problem !== undefined) throw new Error(problem);
  return hostAt(root, options.user);
}

function initOf(host: Host, wanted: Bytes | undefined, refresh: boolean): Init {
  const chosen = INITS.find((init) => init === wanted);
  const installed = readManifest(host.root, host.state);
  if (refresh && installed === undefined)
    throw new Error("nothing is installed yet; run 'mayfly install' without '--refresh'");
  return chosen ?? INITS.find((init) => init === installed?.init) ?? detectInit(host);
}

/** Says what to do if a change was not permitted. */
function asPrivileged<Result>(host: Host, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!host.running || host.user || !failedWith(error, "EACCES", "EPERM")) throw error;
    throw new Error(`${error.message}: run it as root, or use '--user' for your own files`);
  }
}

function jsonOf(
  { steps, active, warnings }: Installed,
  summary: { readonly init: Init; readonly dryRun: boolean; readonly exitStatus: number },
): string {
  return [
    ...steps.map(stepJson),
    ...active.map(activeJson),
    ...warnings.map((message) => json({ type: "warning", message })),
    json({ type: "summary", ...summary, changes: steps.length }),
  ].join("");
}

function activeJson(cleaner: ActiveCleaner): string {
  return json({
    type: "active",
    name: cleaner.name,
    ...textField("path", cleaner.path),
    canTakeOver: cleaner.off !== undefined,
    message: activeAdvice(cleaner),
  });
}
