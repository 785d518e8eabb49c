/** Prepares the environment, working directory and open files of a command for its private /tmp. */
import { existsSync, fstatSync, realpathSync } from "node:fs";
import {
  type Bytes,
  bytes,
  dirname,
  escapeForDisplay,
  fromBuffer,
  isAbsolute,
  isBelow,
  isUtf8,
  join,
  toBuffer,
  toText,
} from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_PATH, openat, readlinkat } from "../sys/files.js";
import { SetupError } from "./settings.js";
import { quote } from "./shell.js";
import { targetAbove, throughTargets } from "./targets.js";

/** Variables that tell programs where to put temporary files. */
const TEMPORARY = ["TMPDIR", "TMP", "TEMP", "TEMPDIR"];
/** Variables that point to sockets and credentials, which are often in /tmp. */
const LEADING_THERE = [
  "SSH_AUTH_SOCK",
  "XAUTHORITY",
  "ICEAUTHORITY",
  "KRB5CCNAME",
  "DBUS_SESSION_BUS_ADDRESS",
  "XDG_RUNTIME_DIR",
];

export interface CommandEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** Reports about what the command will not find inside, as text. */
  readonly notices: string[];
}

/** The paths of the host that are visible inside. */
export interface Cover {
  readonly targets: readonly Bytes[];
  readonly exposed: readonly Bytes[];
}

/** Whether the private /tmp hides the path. */
function isHidden(path: Bytes, { targets, exposed }: Cover): boolean {
  return targetAbove(path, targets) !== undefined && !exposed.some((each) => isBelow(path, each));
}

/**
 * The environment of the command: variables that point to a temporary directory that does not exist inside are removed;
 * other paths that are hidden are reported. Only interactive users need tmux.
 */
export function environmentInside(
  env: NodeJS.ProcessEnv,
  cover: Cover,
  forPerson: boolean,
): CommandEnvironment {
  const inside = { ...env };
  for (const name of TEMPORARY) {
    const value = inside[name];
    if (value !== undefined && isHidden(throughTargets(bytes(value)), cover)) delete inside[name];
  }
  const notices = [...LEADING_THERE, ...(forPerson ? ["TMUX"] : [])].flatMap((name) => {
    const path = pathIn(inside[name], cover.targets);
    return path !== undefined && isHidden(path, cover) && existsSync(toBuffer(path))
      ? [vanished(`$${name} points to ${escapeForDisplay(path)}, which`, path)]
      : [];
  });
  return { env: inside, notices };
}

/** Notices about a working directory that is hidden inside. */
export function hiddenDirectoryNotices(cwd: Bytes, cover: Cover): string[] {
  if (!isHidden(cwd, cover)) return [];
  const start = escapeForDisplay(targetAbove(cwd, cover.targets) ?? cwd);
  return [
    `${vanished(`the working directory ${escapeForDisplay(cwd)}`, cwd)}; the command starts in ${start}`,
  ];
}

/** The path to expose for a program that the private /tmp hides; undefined if the program is visible or does not exist. */
export function hidingCommand(
  command: string,
  cwd: Bytes,
  env: NodeJS.ProcessEnv,
  cover: Cover,
): Bytes | undefined {
  const name = bytes(command);
  const directories = name.includes("/") ? [cwd] : bytes(env.PATH ?? "").split(":");
  for (const folder of directories) {
    const path = isAbsolute(name) ? name : join((folder || cwd) as Bytes, name);
    const real = realPath(path);
    if (real === undefined) continue;
    if (!isHidden(real, cover)) return undefined;
    const above = dirname(real);
    return isHidden(above, cover) ? above : real;
  }
  return undefined;
}

function realPath(path: Bytes): Bytes | undefined {
  try {
    return fromBuffer(realpathSync.native(toBuffer(path), "buffer"));
  } catch {
    return undefined;
  }
}

/** The path in a value such as `FILE:/tmp/krb5cc_0` or `unix:path=/tmp/dbus-x,guid=...`. */
function pathIn(value: string | undefined, targets: readonly Bytes[]): Bytes | undefined {
  const found = value === undefined ? undefined : /\/[^,;]*/.exec(value)?.[0];
  const path = found === undefined ? undefined : throughTargets(bytes(found));
  return path !== undefined && targetAbove(path, targets) !== undefined ? path : undefined;
}

function vanished(what: string, path: Bytes): string {
  return `${what} is hidden by the private /tmp (use ${exposeOption(path)})`;
}

/** The --expose option, quoted for a shell. */
export function exposeOption(path: Bytes): string {
  return `--expose ${isUtf8(path) ? quote(toText(path)) : escapeForDisplay(path)}`;
}

/** The path of the working directory. It is looked up again inside, since the directory itself may be in the host's /tmp. */
export function workingDirectory(): Bytes {
  return readlinkat(Fd.cwd, "/proc/thread-self/cwd" as Bytes);
}

/** Opens the directory or, if it does not exist, the nearest existing parent. */
export function openNearest(path: Bytes): Fd {
  for (let at = path; ; at = dirname(at)) {
    try {
      return openat(Fd.cwd, at, O_PATH | O_DIRECTORY);
    } catch (error) {
      if (at === "/" || !failedWith(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    }
  }
}

/** An inherited directory would give access to the host's files, as in `ls /proc/self/fd/0/`. */
export function refuseOpenDirectories(fds: readonly number[]): void {
  for (const fd of fds) {
    if (!isOpenDirectory(fd)) continue;
    const why = "is an open directory, which would give the command access to the host's files";
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
