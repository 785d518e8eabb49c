/** Finds the init system, and where an installation belongs. */
import { readFileSync } from "node:fs";
import { type Bytes, bytes, isAbsolute, join } from "../base/bytes.js";
import { homeDirectory } from "../sys/accounts.js";
import { stateAt } from "./place.js";
import type { Host, Init } from "./plan.js";

/** The host itself, or the tree below `root`; `user`: what belongs to the user who runs this. */
export function hostAt(root: Bytes | undefined, user: boolean): Host {
  const home = bytes(process.env.HOME ?? homeDirectory(process.geteuid?.() ?? 0) ?? "");
  if (user && !isAbsolute(home)) throw new Error("there is no home directory; set HOME to an absolute path");
  const state = user ? join(userState(home), "mayfly" as Bytes) : ("/var/lib/mayfly" as Bytes);
  return { root: root ?? ("/" as Bytes), user, home, state, running: root === undefined };
}

function userState(home: Bytes): Bytes {
  const given = bytes(process.env.XDG_STATE_HOME ?? "");
  return isAbsolute(given) ? given : join(home, ".local/state" as Bytes);
}

/** Whether systemd runs the host, or will run the tree below --root: /sbin/init leads to it. */
export function usesSystemd(host: Host): boolean {
  if (host.running) return stateAt(host.root, "/run/systemd/system" as Bytes).kind === "directory";
  const init = stateAt(host.root, "/sbin/init" as Bytes);
  return init.kind === "symlink" && init.target.endsWith("/systemd");
}

/** Whether OpenRC runs the host, or is installed below --root. */
function usesOpenrc(host: Host): boolean {
  if (host.running) return stateAt(host.root, "/run/openrc" as Bytes).kind === "directory";
  return (["/sbin/openrc-run", "/etc/runlevels"] as Bytes[]).every(
    (path) => stateAt(host.root, path).kind !== "absent",
  );
}

function usesRunit(host: Host): boolean {
  if (host.running) return firstProcess() === "runit";
  const init = stateAt(host.root, "/sbin/init" as Bytes);
  return init.kind === "symlink" && init.target.endsWith("runit-init");
}

function usesS6(host: Host): boolean {
  if (host.running && firstProcess() !== "s6-svscan") return false;
  return stateAt(host.root, "/etc/s6-overlay/s6-rc.d" as Bytes).kind === "directory";
}

/** The name of PID 1. */
function firstProcess(): string {
  try {
    return readFileSync("/proc/1/comm", "latin1").trim();
  } catch {
    return "";
  }
}

/** The kind of job that the host runs. */
export function detectInit(host: Host): Init {
  if (host.user || usesSystemd(host)) return "systemd";
  if (usesOpenrc(host)) return "openrc";
  if (usesRunit(host)) return "runit";
  if (usesS6(host)) return "s6";
  if (stateAt(host.root, "/etc/anacrontab" as Bytes).kind !== "absent") return "anacron";
  if (stateAt(host.root, "/etc/cron.d" as Bytes).kind !== "absent") return "cron";
  throw new Error(
    "no init system that runs jobs was found, and no cron; use '--init', or let a supervisor run 'mayfly serve'",
  );
}
