/** Listens on a Unix socket that appears with its final mode, and replaces only a stale socket of this user. */
import { connect, type Server } from "node:net";
import { type Bytes, basename, dirname, escapeForDisplay, toText } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { temporaryName } from "../../path/workplace.js";
import {
  type Fd,
  O_NOFOLLOW,
  O_PATH,
  openat,
  procPath,
  RENAME_NOREPLACE,
  renameat2,
  tryUnlinkat,
  unlinkat,
} from "../../sys/files.js";
import { chmod, S_IFMT, S_IFSOCK, type Stat, sameInode, statx } from "../../sys/inode.js";
import { openTrusted } from "../../sys/trusted.js";
import { withUmask } from "../../sys/write.js";

/**
 * Listens under a temporary name, sets the mode, and renames the socket to `path`. No symlink that another user could have
 * created is followed. Returns a function that removes the socket, for after the server is closed.
 *
 * @throws Error if another user can write to the directory, or if `path` exists and is anything but a socket of this user
 *   on which nobody listens any more
 */
export async function listenOnSocket(server: Server, path: Bytes, mode: number): Promise<() => void> {
  const dir = requireTrustedDirectory(path);
  try {
    const name = basename(path);
    await removeStaleSocket(dir, name, path);
    const temporary = temporaryName(dir, name) ?? (`${name}.new` as Bytes);
    await bind(server, `${procPath(dir)}/${temporary}`);
    const made = giveName(dir, temporary, name, mode);
    return () => {
      if (dir.isClosed) return;
      const found = statOf(dir, name);
      if (found !== undefined && sameInode(found, made)) tryUnlinkat(dir, name);
      dir.close();
    };
  } catch (error) {
    server.close();
    dir.close();
    throw error;
  }
}

function requireTrustedDirectory(path: Bytes): Fd {
  const directory = dirname(path);
  const dir = openTrusted(directory);
  if (dir !== undefined) return dir;
  const shown = escapeForDisplay(directory);
  throw new Error(
    `cannot create a socket in '${shown}': another user could replace it. Use a directory that only root or you can write to`,
  );
}

async function removeStaleSocket(dir: Fd, name: Bytes, path: Bytes): Promise<void> {
  using socket = opened(dir, name);
  if (socket === undefined) return;
  const shown = escapeForDisplay(path);
  const stat = statx(socket);
  if ((stat.mode & S_IFMT) !== S_IFSOCK) throw new Error(`'${shown}' exists and is not a socket`);
  if (stat.uid !== process.geteuid?.()) throw new Error(`the socket '${shown}' belongs to uid ${stat.uid}`);
  if (!(await isStale(socket))) throw new Error(`another process listens on the socket '${shown}'`);
  const found = statOf(dir, name);
  if (found !== undefined && sameInode(found, stat)) unlinkat(dir, name);
}

/** Connects to the very inode, through its fd: connect(2) refuses if nobody listens. */
function isStale(socket: Fd): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(toText(procPath(socket)));
    const settle = (stale: boolean): void => {
      client.destroy();
      resolve(stale);
    };
    client.once("connect", () => settle(false));
    client.once("error", (error: NodeJS.ErrnoException) => settle(error.code === "ECONNREFUSED"));
  });
}

/** Through the directory's fd, so that neither a symlink nor the limit of 107 bytes for socket paths matters. */
function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // bind(2) happens at once, within the call.
    withUmask(0o177, () =>
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      }),
    );
  });
}

function giveName(dir: Fd, temporary: Bytes, name: Bytes, mode: number): Stat {
  try {
    using socket = openat(dir, temporary, O_PATH | O_NOFOLLOW);
    chmod(socket, mode);
    renameat2(dir, temporary, dir, name, RENAME_NOREPLACE);
    return statx(socket);
  } catch (error) {
    tryUnlinkat(dir, temporary);
    throw error;
  }
}

function opened(dir: Fd, name: Bytes): Fd | undefined {
  try {
    return openat(dir, name, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

function statOf(dir: Fd, name: Bytes): Stat | undefined {
  using fd = opened(dir, name);
  return fd && statx(fd);
}
