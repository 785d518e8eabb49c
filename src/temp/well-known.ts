/** Directories for what is not temporary: `runtimeDir` and `stateDir`. */
import { homedir } from "node:os";
import { MODE, requireArgument, requireOptions } from "../base/arguments.js";
import { type Bytes, basename, bytes, isAbsolute, join, normalize, toText } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import { type Fd, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat } from "../sys/files.js";
import { chmod, statx } from "../sys/inode.js";
import { openSafely } from "./safe-open.js";

export interface WellKnownOptions {
  /** Permissions of a new directory: 0o700 by default. An existing one keeps its own. */
  readonly mode?: number;
}

/**
 * A directory of the program's own for what lives as long as the host or the login does: sockets, pid files, locks.
 * /run/NAME for root, `$XDG_RUNTIME_DIR/NAME` for others; what a unit's RuntimeDirectory= made is used where it has
 * that name. Made where it is missing; refused where it is somebody else's.
 *
 * @throws UnsafePathError; SyscallError ENOENT if there is no `$XDG_RUNTIME_DIR`.
 */
export function runtimeDirSync(name: string, options: WellKnownOptions = {}): string {
  requireName("runtimeDir", name, options);
  return toText(wellKnown("RUNTIME_DIRECTORY", runtimeBase, name, options));
}

/**
 * A directory of the program's own for what is to outlive reboots but is not a user's document: /var/lib/NAME for root,
 * `$XDG_STATE_HOME/NAME` (else ~/.local/state/NAME) for others; a unit's StateDirectory= of that name comes first.
 *
 * @throws UnsafePathError
 */
export function stateDirSync(name: string, options: WellKnownOptions = {}): string {
  requireName("stateDir", name, options);
  return toText(wellKnown("STATE_DIRECTORY", stateBase, name, options));
}

/** Where temporary files go before /tmp is there. */
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
  return madeBelow(bytes(homedir()), [".local" as Bytes, "state" as Bytes]);
}

function madeBelow(base: Bytes, names: readonly Bytes[]): Bytes {
  return names.reduce((directory, name) => {
    makeOwn(directory, name, 0o700);
    return join(directory, name);
  }, base);
}

/** Makes the directory where it is missing, and requires that it is this user's own. */
function makeOwn(base: Bytes, name: Bytes, mode: number): void {
  using parent = openSafely(base, true);
  try {
    mkdirat(parent, name, mode);
    using made = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    // Past the umask.
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
    throw new UnsafePathError(
      "UNSAFE_PARENT",
      directory.path,
      "others may write to it (chmod go-w would do)",
    );
  }
}
