import { existsSync, fstatSync } from "node:fs";
import { type Bytes, bytes, isBelow, parent, show } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_PATH, openat, readlinkat } from "../sys/files.js";
import { SetupError } from "./settings.js";
import { targetAbove } from "./targets.js";

/** Where programs are told to put temporary files. */
const TEMPORARY = ["TMPDIR", "TMP", "TEMP", "TEMPDIR"];
/** What programs find sockets and credentials by that often lie in /tmp. */
const LEADING_THERE = [
  "SSH_AUTH_SOCK",
  "XAUTHORITY",
  "ICEAUTHORITY",
  "KRB5CCNAME",
  "DBUS_SESSION_BUS_ADDRESS",
  "XDG_RUNTIME_DIR",
  "TMUX",
];

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** What the command will miss, in words for a person. */
  readonly notices: readonly string[];
}

/** The environment for inside: what points at a directory that is not there is taken away, and what else vanishes is told. */
export function environmentInside(
  env: NodeJS.ProcessEnv,
  targets: readonly Bytes[],
  exposed: readonly Bytes[],
): Surroundings {
  const inside = { ...env };
  const hides = (path: Bytes): boolean =>
    targetAbove(path, targets) !== undefined && !exposed.some((each) => isBelow(path, each));
  for (const name of TEMPORARY) {
    const value = inside[name];
    if (value !== undefined && hides(bytes(value))) delete inside[name];
  }
  const notices = LEADING_THERE.flatMap((name) => {
    const path = pathIn(inside[name], targets);
    return path !== undefined && hides(path) && existsSync(path) ? [vanished(name, path)] : [];
  });
  return { env: inside, notices };
}

/** The path in a value such as `FILE:/tmp/krb5cc_0` or `unix:path=/tmp/dbus-x,guid=...`. */
function pathIn(value: string | undefined, targets: readonly Bytes[]): Bytes | undefined {
  const path = value === undefined ? undefined : /\/[^,;]*/.exec(value)?.[0];
  return path !== undefined && targetAbove(bytes(path), targets) !== undefined ? bytes(path) : undefined;
}

function vanished(name: string, path: Bytes): string {
  return `${name} names ${show(path)}, which is not seen inside; --expose ${show(path)} shows it`;
}

/** The working directory's path, to be looked up anew inside: the directory itself may be one of the host's /tmp. */
export function workingDirectory(): Bytes {
  return readlinkat(Fd.cwd, "/proc/thread-self/cwd" as Bytes);
}

/** Opens the directory or, where it is not there, the nearest one above it. */
export function openNearest(path: Bytes): Fd {
  for (let at = path; ; at = parent(at)) {
    try {
      return openat(Fd.cwd, at, O_PATH | O_DIRECTORY);
    } catch (error) {
      if (at === "/" || !failedWith(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    }
  }
}

/** An inherited directory would lead out: `ls /proc/self/fd/0/` shows the host's. */
export function refuseOpenDirectories(fds: readonly number[]): void {
  for (const fd of fds) {
    if (!isOpenDirectory(fd)) continue;
    const why = "is an open directory, by which the command would see the host's files";
    throw new SetupError("OPEN_DIRECTORY", `file descriptor ${fd} ${why}`);
  }
}

function isOpenDirectory(fd: number): boolean {
  try {
    return fstatSync(fd).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBADF") return false;
    throw error;
  }
}
