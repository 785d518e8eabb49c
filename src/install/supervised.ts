/** The service directories for runit, runsv(8), and s6, s6-supervise: each has a program `run`, which is restarted when it ends. */
import { type Bytes, escapeForDisplay, join } from "../base/bytes.js";
import { shellQuoted } from "../base/shell-quote.js";
import { stateAt } from "./place.js";
import type { Choice, Host, InstallPlan, Program, Wanted } from "./plan.js";

const HEADER = "#!/bin/sh\n# Made by 'mayfly install'. 'mayfly uninstall' removes it.\n";
const SCRIPT_MODE = 0o755;
const FILE_MODE = 0o644;
const NAME = "mayfly" as Bytes;
const LOG_DIRECTORY = "/var/log/mayfly" as Bytes;

/** Where Debian and Void, and then other systems, have the services that runit starts. */
const RUNIT_SERVICES = ["/etc/runit/runsvdir/default", "/etc/service", "/var/service", "/service"] as Bytes[];
const RUNIT_DEFINITION = "/etc/sv/mayfly" as Bytes;
/** s6-overlay compiles these when the container starts. */
const OVERLAY_SERVICES = "/etc/s6-overlay/s6-rc.d" as Bytes;

/** The definition in /etc/sv, and a symlink that enables it; or a directory of its own, where the caller wants it. */
export function runitPlan(host: Host, { program, serviceDirectory }: Choice): InstallPlan {
  const at = runitService(serviceDirectory);
  const wanted = serviceFiles(
    host,
    program,
    at,
    `mkdir -p ${LOG_DIRECTORY}\nexec svlogd -tt ${LOG_DIRECTORY}`,
  );
  const supervised = host.user ? [at] : [at, join(at, "log" as Bytes)];
  const data = supervised.map((path) => join(path, "supervise" as Bytes));
  if (serviceDirectory !== undefined) return { wanted, data: [...data, ...logs(host)] };
  const path = join(firstThere(host, RUNIT_SERVICES) ?? missing("runit"), NAME);
  return { wanted: [...wanted, { kind: "symlink", path, target: at }], data: [...data, ...logs(host)] };
}

export function runitService(serviceDirectory: Bytes | undefined): Bytes {
  return serviceDirectory === undefined ? RUNIT_DEFINITION : join(serviceDirectory, NAME);
}

/** A service for s6-svscan; without a directory for it, one for s6-overlay, which logs by itself. */
export function s6Plan(host: Host, { program, serviceDirectory }: Choice): InstallPlan {
  if (serviceDirectory === undefined) return overlayPlan(host, program);
  const at = join(serviceDirectory, NAME);
  const wanted = serviceFiles(host, program, at, `exec s6-log T n10 s1000000 ${LOG_DIRECTORY}`);
  const supervised = host.user ? [at] : [at, join(at, "log" as Bytes)];
  const data = supervised.flatMap((path) => [join(path, "supervise" as Bytes), join(path, "event" as Bytes)]);
  return { wanted, data: [...data, ...logs(host)] };
}

function overlayPlan(host: Host, program: Program): InstallPlan {
  const services = firstThere(host, [OVERLAY_SERVICES]) ?? missing("s6");
  const at = join(services, NAME);
  return {
    wanted: [
      file(join(at, "type" as Bytes), FILE_MODE, "longrun\n" as Bytes),
      file(join(at, "run" as Bytes), SCRIPT_MODE, run(host, program)),
      file(join(services, "user/contents.d/mayfly" as Bytes), FILE_MODE, "" as Bytes),
    ],
    data: [],
  };
}

function serviceFiles(host: Host, program: Program, at: Bytes, logger: string): Wanted[] {
  const service = file(join(at, "run" as Bytes), SCRIPT_MODE, run(host, program));
  if (host.user) return [service];
  const content = `${HEADER}${logger}\n` as Bytes;
  return [file(join(at, "log/run" as Bytes), SCRIPT_MODE, content), service];
}

function file(path: Bytes, mode: number, content: Bytes): Wanted {
  return { kind: "file", path, mode, content };
}

/** Services start in no order, so it creates what is missing itself. */
function run({ user }: Host, { node, script }: Program): Bytes {
  const words = [shellQuoted(node), shellQuoted(script), "serve", ...(user ? ["--user"] : [])];
  return `${HEADER}exec 2>&1\nexec ${words.join(" ")}\n` as Bytes;
}

const logs = ({ user }: Host): Bytes[] => (user ? [] : [LOG_DIRECTORY]);

function firstThere({ root }: Host, paths: readonly Bytes[]): Bytes | undefined {
  return paths.find((path) => !["absent", "file", "other"].includes(stateAt(root, path).kind));
}

function missing(init: "runit" | "s6"): never {
  const tried = (init === "runit" ? RUNIT_SERVICES : [OVERLAY_SERVICES]).map(escapeForDisplay).join(", ");
  throw new Error(
    `no directory of services for ${init} was found (tried: ${tried}); use '--service-directory'`,
  );
}
