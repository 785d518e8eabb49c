/** Makes a running systemd notice what was installed or put back. */
import { spawnSync } from "node:child_process";
import type { Bytes } from "../base/bytes.js";
import { SYSTEMD_TIMER } from "./active.js";
import { usesSystemd } from "./detect.js";
import type { InstallStep } from "./install.js";
import type { Host } from "./plan.js";

const MOST_MILLISECONDS = 60_000;
const TIMER = "mayfly-clean.timer";

/** Loads the units, and starts and stops timers. Returns what failed: it takes effect at the next boot all the same. */
export function afterInstall(host: Host, steps: readonly InstallStep[]): string[] {
  return commands(host, [
    ["daemon-reload"],
    ...(masks(steps) ? [["stop", SYSTEMD_TIMER]] : []),
    ["start", TIMER],
  ]);
}

/** Stops the timer while its unit is still there. */
export function beforeUninstall(host: Host): string[] {
  return commands(host, [["stop", TIMER]]);
}

export function afterUninstall(host: Host, steps: readonly InstallStep[]): string[] {
  return commands(host, [["daemon-reload"], ...(masks(steps) ? [["start", SYSTEMD_TIMER]] : [])]);
}

/** Whether the mask of systemd's own timer comes or goes. */
function masks(steps: readonly InstallStep[]): boolean {
  return steps.some(({ path }) => path.endsWith(`/${SYSTEMD_TIMER}` as Bytes));
}

function commands(host: Host, all: readonly (readonly string[])[]): string[] {
  if (!host.running || !usesSystemd(host)) return [];
  return all.flatMap((args) => systemctl(host.user ? ["--user", ...args] : args));
}

function systemctl(args: readonly string[]): string[] {
  const { status, error, stderr } = spawnSync("systemctl", args, {
    encoding: "utf8",
    timeout: MOST_MILLISECONDS,
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status === 0) return [];
  const reason = error?.message ?? (stderr.trim().split("\n")[0] || `exit status ${status}`);
  return [`'systemctl ${args.join(" ")}' failed: ${reason}; run it again, or reboot`];
}
