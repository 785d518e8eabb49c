/** Finds the init system, and where an installation belongs. */
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

/** The kind of job that the host runs. */
export function detectInit(host: Host): Init {
  if (host.user || usesSystemd(host)) return "systemd";
  if (stateAt(host.root, "/etc/anacrontab" as Bytes).kind !== "absent") return "anacron";
  if (stateAt(host.root, "/etc/cron.d" as Bytes).kind !== "absent") return "cron";
  throw new Error("neither systemd nor cron was found; use '--init', or let a supervisor run 'mayfly serve'");
}
