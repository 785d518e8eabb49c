/** Directories for files that are not temporary: `runtimeDir` and `stateDir`. */
import { MODE, requireArgument, requireOptions } from "../base/arguments.js";
import { type Bytes, basename, bytes, isAbsolute, join, normalize, toText } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import { homeDirectory } from "../sys/accounts.js";
import { type Fd, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat } from "../sys/files.js";
import { chmod, statx } from "../sys/inode.js";
import { openSafely } from "./safe-open.js";

export interface WellKnownOptions {
  /** Permissions of a new directory; 0o700 by default. Those of an existing one are not changed. */
  readonly mode?: number;
}

/**
 * The program's directory for files that last until reboot or logout: sockets, PID files, locks. /run/NAME for root,
 * `$XDG_RUNTIME_DIR/NAME` for other users, or the directory of the unit's RuntimeDirectory= if it has that name. It is
 * created if it does not exist, and refused if it belongs to another user.
 *
 * @throws UnsafePathError; SyscallError ENOENT if there is no `$XDG_RUNTIME_DIR`.
 */
export function runtimeDirSync(name: string, options: WellKnownOptions = {}): string {
  requireName("runtimeDir", name, options);
  return toText(wellKnown("RUNTIME_DIRECTORY", runtimeBase, name, options));
}

/**
 * The program's directory for state that survives reboots: /var/lib/NAME for root, `$XDG_STATE_HOME/NAME` (by default
 * ~/.local/state/NAME) for other users, or the directory of the unit's StateDirectory= if it has that name.
 *
 * @throws UnsafePathError, also if `$XDG_STATE_HOME` and `$HOME` are not set and the user database does not know this user.
 */
export function stateDirSync(name: string, options: WellKnownOptions = {}): string {
  requireName("stateDir", name, options);
  return toText(wellKnown("STATE_DIRECTORY", stateBase, name, options));
}

/** The directory for temporary files before /tmp is mounted. */
export function ownRuntimeDirectory(): Bytes {
  return wellKnown("RUNTIME_DIRECTORY", runtimeBase, "mayfly", {});
}

const NAME = {
  what: 'the name of a directory, without "/"',
  accepts: (value: unknown) => typeof value === "string" && /^[^/\0]+$/.test(value) && !/^\.\.?$/.test(value),
};

function requireName(caller: string, name: string, options: WellKnownOptions): void {
  requireArgument(caller, "name", name, NAME);
  requireOptions(caller, options, { mode: MODE });
}

function wellKnown(variable: string, base: () => Bytes, name: string, options: WellKnownOptions): Bytes {
  const wanted = bytes(name);
  const given = (process.env[variable] ?? "").split(":").map(bytes);
  const ready = given.find((path) => isAbsolute(path) && basename(path) === wanted);
  if (ready !== undefined) return ready;
  const directory = base();
  makeOwn(directory, wanted, options.mode ?? 0o700);
  return join(directory, wanted);
}

function runtimeBase(): Bytes {
  if (process.geteuid?.() === 0) return "/run" as Bytes;
  const path = process.env.XDG_RUNTIME_DIR;
  if (path !== undefined && path !== "") return normalize(bytes(path));
  throw new UnsafePathError(
    "UNSAFE_PARENT",
    "XDG_RUNTIME_DIR" as Bytes,
    "is not set, and only root may use /run",
  );
}

function stateBase(): Bytes {
  if (process.geteuid?.() === 0) return "/var/lib" as Bytes;
  const path = process.env.XDG_STATE_HOME;
  if (path !== undefined && path !== "") return normalize(bytes(path));
  return madeBelow(homeOfUser(), [".local" as Bytes, "state" as Bytes]);
}

function homeOfUser(): Bytes {
  const home = bytes(process.env.HOME || (homeDirectory(process.geteuid?.() ?? 0) ?? ""));
  if (home !== "") return home;
  const reason = "is not set, and the user database has no home directory of this user (set XDG_STATE_HOME)";
  throw new UnsafePathError("UNSAFE_PARENT", "HOME" as Bytes, reason);
}

function madeBelow(base: Bytes, names: readonly Bytes[]): Bytes {
  return names.reduce((directory, name) => {
    makeOwn(directory, name, 0o700);
    return join(directory, name);
  }, base);
}

/** Creates the directory if it does not exist, and requires that it belongs to this user. */
function makeOwn(base: Bytes, name: Bytes, mode: number): void {
  using parent = openSafely(base, true);
  try {
    mkdirat(parent, name, mode);
    using made = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    // Independent of the umask.
    chmod(made, mode);
  } catch (error) {
    if (!failedWith(error, "EEXIST")) throw error;
  }
  using own = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  requireOwn(own);
}

function requireOwn(directory: Fd): void {
  const { uid, mode } = statx(directory);
  if (uid !== process.geteuid?.()) {
    throw new UnsafePathError("UNSAFE_PARENT", directory.path, `belongs to uid ${uid}, not to you`);
  }
  if ((mode & 0o022) !== 0) {
    throw new UnsafePathError("UNSAFE_PARENT", directory.path, "writable by other users (fix: chmod go-w)");
  }
}
