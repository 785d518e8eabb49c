/** Makes a running service manager notice what was installed or put back. */
import { spawnSync } from "node:child_process";
import { type Bytes, dirname, join, toText } from "../base/bytes.js";
import { SYSTEMD_TIMER } from "./active.js";
import { usesSystemd } from "./detect.js";
import type { InstallStep } from "./install.js";
import { stateAt } from "./place.js";
import type { Host } from "./plan.js";
import { runitService } from "./supervised.js";

const MOST_MILLISECONDS = 60_000;
const TIMER = "mayfly-clean.timer";
const SERVE = "mayfly-serve.service";

/** What an installation consists of, as far as commands depend on it: the manifest has it as well. */
export interface InstalledJobs {
  readonly init: string;
  readonly serve?: boolean | undefined;
  readonly serviceDirectory?: Bytes | undefined;
}

type Command = readonly string[];

/** Starts the jobs. Returns what failed: it takes effect at the next boot all the same. */
export function afterInstall(host: Host, jobs: InstalledJobs, steps: readonly InstallStep[]): string[] {
  const update = (): Command[] => (steps.length > 0 ? restart(host, jobs) : []);
  if (jobs.init !== "systemd") return run(host, update());
  return systemctl(host, [
    ["daemon-reload"],
    ...(masks(steps) ? [["stop", SYSTEMD_TIMER]] : []),
    // An earlier installation may have had the other one.
    ...changed(steps, jobs.serve ? TIMER : SERVE).map((name) => ["stop", name]),
    jobs.serve ? [steps.length > 0 ? "restart" : "start", SERVE] : ["start", TIMER],
  ]);
}

/** Stops the jobs while their files are still there. */
export function beforeUninstall(host: Host, jobs: InstalledJobs): string[] {
  if (jobs.init === "systemd") return systemctl(host, [["stop", jobs.serve ? SERVE : TIMER]]);
  return run(host, stop(host, jobs));
}

export function afterUninstall(host: Host, jobs: InstalledJobs, steps: readonly InstallStep[]): string[] {
  if (jobs.init === "systemd")
    return systemctl(host, [["daemon-reload"], ...(masks(steps) ? [["start", SYSTEMD_TIMER]] : [])]);
  return run(host, jobs.init === "s6" ? rescan(host, jobs, "-an") : []);
}

/** Whether the mask of systemd's own timer comes or goes. */
function masks(steps: readonly InstallStep[]): boolean {
  return changed(steps, SYSTEMD_TIMER).length > 0;
}

/** The unit, if its file is changed. */
function changed(steps: readonly InstallStep[], unit: string): string[] {
  return steps.some(({ path }) => path.endsWith(`system/${unit}`) || path.endsWith(`user/${unit}`))
    ? [unit]
    : [];
}

/** runsvdir finds a new service by itself. */
function restart(host: Host, jobs: InstalledJobs): Command[] {
  const at = supervised(host, jobs);
  switch (jobs.init) {
    case "openrc":
      return runsOpenrc(host) ? [["rc-service", "mayfly", "restart"]] : [];
    case "runit":
      return at === undefined ? [] : [["sv", "-w", "30", "restart", at]];
    case "s6":
      return [...rescan(host, jobs, "-a"), ...(at === undefined ? [] : [["s6-svc", "-r", at]])];
    default:
      return [];
  }
}

function stop(host: Host, jobs: InstalledJobs): Command[] {
  const at = supervised(host, jobs);
  const log = supervised(host, jobs, "log");
  switch (jobs.init) {
    case "openrc":
      return runsOpenrc(host)
        ? ["mayfly", "mayfly-setup"].map((name) => ["rc-service", "--ifstarted", name, "stop"])
        : [];
    case "runit":
      return [at, log].flatMap((each) => (each === undefined ? [] : [["sv", "-w", "30", "down", each]]));
    case "s6":
      return [at, log].flatMap((each) =>
        each === undefined ? [] : [["s6-svc", "-wD", "-T", "30000", "-d", each]],
      );
    default:
      return [];
  }
}

function runsOpenrc({ root }: Host): boolean {
  return stateAt(root, "/run/openrc" as Bytes).kind === "directory";
}

/** The service directory, or one in it, if a supervisor has it. */
function supervised({ root }: Host, { init, serviceDirectory }: InstalledJobs, below?: string) {
  if (init === "s6" && serviceDirectory === undefined) return undefined;
  const service = runitService(serviceDirectory);
  const at = below === undefined ? service : join(service, below as Bytes);
  return stateAt(root, join(at, "supervise/control" as Bytes)).kind === "absent" ? undefined : toText(at);
}

/** Has s6-svscan look for new services, or for those that are gone. */
function rescan({ root }: Host, { serviceDirectory }: InstalledJobs, flags: string): Command[] {
  if (serviceDirectory === undefined) return [];
  const control = join(serviceDirectory, ".s6-svscan/control" as Bytes);
  if (stateAt(root, control).kind === "absent") return [];
  return [["s6-svscanctl", flags, toText(dirname(dirname(control)))]];
}

function systemctl(host: Host, all: readonly Command[]): string[] {
  if (!usesSystemd(host)) return [];
  return run(
    host,
    all.map((args) => ["systemctl", ...(host.user ? ["--user"] : []), ...args]),
  );
}

function run(host: Host, all: readonly Command[]): string[] {
  return host.running ? all.flatMap(failure) : [];
}

function failure([program = "", ...args]: Command): string[] {
  const { status, error, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: MOST_MILLISECONDS,
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status === 0) return [];
  const reason = error?.message ?? (stderr.trim().split("\n")[0] || `exit status ${status}`);
  return [`'${[program, ...args].join(" ")}' failed: ${reason}; run it again, or reboot`];
}
