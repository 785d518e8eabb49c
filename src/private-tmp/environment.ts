/** What a command is given from outside: its environment, working directory and open files. */
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
];

export interface CommandEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** What the command will not find inside, in words for a person. */
  readonly notices: string[];
}

/** What of the host is seen inside. */
export interface Cover {
  readonly targets: readonly Bytes[];
  readonly exposed: readonly Bytes[];
}

/** Whether the private /tmp hides the path. */
export function isHidden(path: Bytes, { targets, exposed }: Cover): boolean {
  return targetAbove(path, targets) !== undefined && !exposed.some((each) => isBelow(path, each));
}

/**
 * The environment for inside: what points at a directory that does not exist there is removed, and what else vanishes is
 * reported. tmux is only missed by a person at a shell.
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

/** What there is to say of a working directory that is not seen inside. */
export function hiddenDirectoryNotices(cwd: Bytes, cover: Cover): string[] {
  if (!isHidden(cwd, cover)) return [];
  const start = escapeForDisplay(targetAbove(cwd, cover.targets) ?? cwd);
  return [
    `${vanished(`the working directory ${escapeForDisplay(cwd)}`, cwd)}; the command starts in ${start}`,
  ];
}

/** The path to expose for a command that the private /tmp hides; undefined if it does not, or there is none. */
export function hidingCommand(
  command: string,
  cwd: Bytes,
  env: NodeJS.ProcessEnv,
  cover: Cover,
): Bytes | undefined {
  const name = bytes(command);
  const folders = name.includes("/") ? [cwd] : bytes(env.PATH ?? "").split(":");
  for (const folder of folders) {
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

/** The option as a shell reads it back. */
export function exposeOption(path: Bytes): string {
  return `--expose ${isUtf8(path) ? quote(toText(path)) : escapeForDisplay(path)}`;
}

/** The working directory's path, to be looked up anew inside: the directory itself may be one of the host's /tmp. */
export function workingDirectory(): Bytes {
  return readlinkat(Fd.cwd, "/proc/thread-self/cwd" as Bytes);
}

/** Opens the directory or, if it does not exist, the nearest one above it. */
export function openNearest(path: Bytes): Fd {
  for (let at = path; ; at = dirname(at)) {
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
