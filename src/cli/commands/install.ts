/** mayfly install: sets the host up to create and clean by itself. */
import { type Bytes, bytes, isAbsolute, normalize } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import {
  type ActiveCleaner,
  activeAdvice,
  afterInstall,
  type Choice,
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
systemd, services for OpenRC, runit and s6, or jobs for cron and anacron. Run it again to update them; **mayfly uninstall** puts back what was there before.

If something else already cleans the host, such as **systemd-tmpfiles-clean.timer**, it changes nothing and exits with status 3.`,
  operands: "none",
  options: [
    {
      name: "init",
      value: "INIT",
      choices: INITS,
      help: "Install jobs for INIT (default: what the host runs)",
      more: "INIT is systemd, openrc, runit, s6, cron or anacron. OpenRC, runit and s6 have no timers: they run **mayfly serve**.",
    },
    { name: "serve", help: "With systemd: run mayfly serve as a service instead of a timer" },
    {
      name: "service-directory",
      value: "DIR",
      completes: "directory",
      help: "Where runit or s6 looks for services",
      more: "By default, **/etc/runit/runsvdir/default** or **/etc/service** for runit. s6 has no usual directory; without this option, **/etc/s6-overlay/s6-rc.d** is used.",
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
    ["mayfly install --root /srv/image --init systemd --serve", "Have one long-running process clean it"],
    ["mayfly install --root /srv/image --init s6 --service-directory /etc/s6/services", "Have s6 run it"],
  ],
  files: [
    ["/etc/systemd/system/mayfly-clean.service, mayfly-clean.timer", "The cleaning unit, and when it runs."],
    [
      "/etc/systemd/system/mayfly-setup.service, mayfly-setup-dev.service",
      "Set-up at boot, if systemd-tmpfiles is not installed.",
    ],
    ["/etc/systemd/system/mayfly-serve.service", "The service of --serve."],
    ["/etc/init.d/mayfly, /etc/init.d/mayfly-setup", "The services for OpenRC."],
    ["/etc/sv/mayfly", "The service for runit."],
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
    const jobs = jobsOf(host, options);
    const { init } = jobs;
    requireSensible(host, jobs);
    const started = runningProgram(bytes(process.argv[1] ?? ""));
    const warnings = checkProgram(host, started);
    const dryRun = options["dry-run"];
    const result = asPrivileged(host, () =>
      installSync({ ...jobs, host, program: started, takeOver: options["take-over"], dryRun }),
    );
    const late = dryRun || result.active.length > 0 ? [] : afterInstall(host, jobs, result.steps);
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

interface JobOptions {
  readonly init: Bytes | undefined;
  readonly serve: boolean;
  readonly "service-directory": Bytes | undefined;
  readonly refresh: boolean;
}

type Jobs = Pick<Choice, "init" | "serve" | "serviceDirectory">;

/** Without `--init`, an update keeps the choices of the installation. */
function jobsOf(host: Host, options: JobOptions): Jobs {
  const installed = readManifest(host.root, host.state);
  if (options.refresh && installed === undefined)
    throw new Error("nothing is installed yet; run 'mayfly install' without '--refresh'");
  const given = INITS.find((init) => init === options.init);
  const before = INITS.find((init) => init === installed?.init);
  const init = given ?? before ?? detectInit(host);
  const kept = init === before ? installed : undefined;
  const serve = options.serve || (given === undefined && kept?.serve === true);
  const wanted = options["service-directory"];
  const serviceDirectory = wanted === undefined ? kept?.serviceDirectory : normalize(wanted);
  return { init, serve, serviceDirectory };
}

function requireSensible(host: Host, { init, serve, serviceDirectory }: Jobs): void {
  const supervises = init === "runit" || init === "s6";
  if (serve && init !== "systemd") throw new UsageError("option '--serve' requires '--init systemd'");
  if (serviceDirectory !== undefined && !supervises)
    throw new UsageError("option '--service-directory' requires '--init runit' or '--init s6'");
  if (serviceDirectory !== undefined && !isAbsolute(serviceDirectory))
    throw new UsageError("option '--service-directory' expects an absolute path");
  if (!host.user || init === "systemd") return;
  if (!supervises) throw new UsageError("option '--user' requires '--init systemd', 'runit' or 's6'");
  if (serviceDirectory === undefined)
    throw new UsageError(`options '--user' and '--init ${init}' require '--service-directory'`);
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
