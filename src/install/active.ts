/** Finds what already cleans the host by age, and how to turn it off. */
import { type Bytes, escapeForDisplay, join } from "../base/bytes.js";
import { usesSystemd } from "./detect.js";
import { stateAt } from "./place.js";
import type { Host, TakenOver } from "./plan.js";
import { hasUnit, packagedUnits, unitDirectory } from "./systemd.js";

/** Another cleaner that would run beside Mayfly. */
export interface ActiveCleaner {
  readonly name: string;
  readonly path: Bytes;
  /** How to turn it off; undefined if `install` cannot do that. */
  readonly off: TakenOver | undefined;
}

export const SYSTEMD_TIMER = "systemd-tmpfiles-clean.timer";
/** Scripts of Debian and Fedora. */
const DAILY_SCRIPTS = ["tmpreaper", "tmpwatch"] as const;
const OWN_TIMER = "mayfly-clean.timer";

/** Everything that cleans by age, as far as files show it. */
export function activeCleaners(host: Host): ActiveCleaner[] {
  return [...systemdTimer(host), ...packagedTimer(host), ...(host.user ? [] : dailyScripts(host))];
}

function systemdTimer(host: Host): ActiveCleaner[] {
  if (!hasSystemd(host) || !hasUnit(host, SYSTEMD_TIMER)) return [];
  const path = join(unitDirectory(host), SYSTEMD_TIMER as Bytes);
  const override = stateAt(host.root, path);
  if (override.kind === "symlink" && override.target === "/dev/null") return [];
  if (!isEnabled(host, SYSTEMD_TIMER)) return [];
  return [{ name: SYSTEMD_TIMER, path, off: { path, kind: "mask" } }];
}

/** The timer of a package of Mayfly, which needs no installation. */
function packagedTimer(host: Host): ActiveCleaner[] {
  if (!hasSystemd(host) || !hasUnit(host, OWN_TIMER) || !isEnabled(host, OWN_TIMER)) return [];
  const folder = packagedUnits(host).find((each) => isThere(host, join(each, OWN_TIMER as Bytes)));
  const path = join(folder ?? ("/usr/lib/systemd" as Bytes), OWN_TIMER as Bytes);
  return [{ name: OWN_TIMER, path, off: undefined }];
}

/** A user's timers are those of systemd. */
function hasSystemd(host: Host): boolean {
  return host.user || usesSystemd(host);
}

function dailyScripts(host: Host): ActiveCleaner[] {
  return DAILY_SCRIPTS.flatMap((name) => {
    const path = `/etc/cron.daily/${name}` as Bytes;
    const state = stateAt(host.root, path);
    const runs = state.kind === "file" && (state.mode & 0o111) !== 0;
    return runs ? [{ name, path, off: { path, kind: "not-executable" as const } }] : [];
  });
}

/** Whether timers.target wants the unit, by a package or by the administrator. */
function isEnabled(host: Host, name: string): boolean {
  const global = host.user ? (["/etc/systemd/user"] as Bytes[]) : [];
  return [unitDirectory(host), ...global, ...packagedUnits(host)].some((folder) =>
    isThere(host, join(folder, `timers.target.wants/${name}` as Bytes)),
  );
}

function isThere({ root }: Host, path: Bytes): boolean {
  return stateAt(root, path).kind !== "absent";
}

/** What to do about an active cleaner. */
export function activeAdvice({ name, path, off }: ActiveCleaner): string {
  const shown = escapeForDisplay(path);
  if (off === undefined) return `'${name}' already cleans this host: ${shown} is installed and enabled`;
  return `'${name}' already cleans this host. Keep it and install nothing, or use '--take-over' to turn it off until 'mayfly uninstall'`;
}
