/** The directory in which `mayfly serve` keeps its lock and its stamp. */
import { fsyncSync, mkdirSync, readFileSync } from "node:fs";
import { type Bytes, bytes, escapeForDisplay, isAbsolute, join, toBuffer } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { homeDirectory } from "../../sys/accounts.js";
import {
  type Fd,
  flock,
  LOCK_EX,
  LOCK_NB,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_WRONLY,
  openat,
  renameat2,
  reopen,
  tryUnlinkat,
} from "../../sys/files.js";
import { isDirectory, statx } from "../../sys/inode.js";
import { openTrusted } from "../../sys/trusted.js";
import { writeAll } from "../../sys/write.js";

const WRITABLE_BY_OTHERS = 0o022;

/**
 * The service manager's choice (StateDirectory=, systemd.exec(5)) if there is one, /var/lib/mayfly for root, and
 * $XDG_STATE_HOME/mayfly for other users. Undefined for a user without a home directory.
 */
export function defaultStateDirectory(environment: NodeJS.ProcessEnv = process.env): Bytes | undefined {
  const [given = ""] = bytes(environment.STATE_DIRECTORY ?? "").split(":");
  if (isAbsolute(given as Bytes)) return given as Bytes;
  if (process.geteuid?.() === 0) return "/var/lib/mayfly" as Bytes;
  const state = bytes(environment.XDG_STATE_HOME ?? "");
  if (isAbsolute(state)) return join(state, "mayfly" as Bytes);
  const home = bytes(environment.HOME ?? homeDirectory(process.geteuid?.() ?? 0) ?? "");
  return isAbsolute(home) ? join(home, ".local/state/mayfly" as Bytes) : undefined;
}

/** An open state directory. All access goes through its fd. */
export class StateDirectory implements Disposable {
  readonly #fd: Fd;

  private constructor(fd: Fd) {
    this.#fd = fd;
  }

  /**
   * Creates the directory if it is missing.
   *
   * @throws SyscallError if that fails; Error if another user could change what is in it.
   */
  static open(path: Bytes): StateDirectory {
    mkdirSync(toBuffer(path), { recursive: true, mode: 0o700 });
    using found = openTrusted(path);
    const stat = found === undefined ? undefined : statx(found);
    const isOwn = stat?.uid === process.geteuid?.() && stat !== undefined && isDirectory(stat);
    if (found === undefined || !isOwn || (stat.mode & WRITABLE_BY_OTHERS) !== 0) {
      throw new Error(
        `'${escapeForDisplay(path)}' cannot be the state directory: only its owner, who runs this process, may be able to write to it. Change its owner and mode, or specify another directory`,
      );
    }
    return new StateDirectory(reopen(found, O_RDONLY | O_DIRECTORY));
  }

  /** Takes the lock, which the kernel releases when this process ends. Returns false if another process holds it. */
  lock(): boolean {
    return flock(this.#fd, LOCK_EX | LOCK_NB);
  }

  /** The content of a file; undefined if there is none. */
  read(name: string): string | undefined {
    try {
      using fd = openat(this.#fd, name as Bytes, O_RDONLY | O_NOFOLLOW);
      return readFileSync(fd.number, "utf8");
    } catch (error) {
      if (failedWith(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Replaces a file atomically: whenever the process or the host stops, it has either the old content or the new. */
  write(name: string, content: string): void {
    // One name suffices, because only the holder of the lock writes.
    const temporary = `.${name}.new` as Bytes;
    tryUnlinkat(this.#fd, temporary);
    using fd = openat(this.#fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    writeAll(fd, bytes(content));
    fsyncSync(fd.number);
    renameat2(this.#fd, temporary, this.#fd, name as Bytes);
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}
