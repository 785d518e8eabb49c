/** Changes the namespaces of the calling thread: unshare(2), setns(2). */
import { type Bytes, EMPTY } from "../base/bytes.js";
import { bind } from "./ffi.js";
import { checkAt, Fd, O_DIRECTORY, O_PATH, O_RDONLY, openat, requireSuccess } from "./files.js";
import { ioctl, request } from "./ioctl.js";

export const CLONE_FS = 0x200;
export const CLONE_NEWNS = 0x20000;

const libc = {
  unshare: bind<[number], number>("int unshare(int flags)"),
  setns: bind<[number, number], number>("int setns(int fd, int type)"),
  fchdir: bind<[number], number>("int fchdir(int fd)"),
  chroot: bind<[Buffer], number>("int chroot(const void *path)"),
};

/**
 * unshare(2) for the calling thread only. After CLONE_FS or CLONE_NEWNS, the thread no longer shares its working
 * directory, root and umask with the process's other threads; this cannot be undone.
 */
export function unshare(flags: number): void {
  requireSuccess(libc.unshare(flags), "unshare", EMPTY, () => [`0x${flags.toString(16)}`]);
}

/** setns(2) for the calling thread, by a namespace fd or a pidfd. A new mount namespace sets root and working directory to its `/`. */
export function setns(fd: Fd, type: number): void {
  checkAt(libc.setns(fd.number, type), "setns", fd, EMPTY, `0x${type.toString(16)}`);
}

export function fchdir(dir: Fd): void {
  checkAt(libc.fchdir(dir.number), "fchdir", dir, EMPTY);
}

const NS_GET_USERNS = request("none", 0xb7, 1, 0);
const NS_GET_OWNER_UID = request("none", 0xb7, 4, 0);

/** Opens a namespace of a process. The fd refers to it even after the process exits and its PID is reused. */
export function openNamespace(pid: number | string, kind: "mnt" | "user"): Fd {
  return openat(Fd.cwd, `/proc/${pid}/ns/${kind}` as Bytes, O_RDONLY);
}

/**
 * The user namespace that owns a namespace, ioctl_nsfs(2): capabilities in it control the mounts.
 *
 * @throws SyscallError EPERM if it is neither the caller's own nor one below it.
 */
export function openOwner(namespace: Fd): Fd {
  return new Fd(ioctl(namespace, NS_GET_USERNS, Buffer.alloc(0), "NS_GET_USERNS"), EMPTY, namespace);
}

/** The user who created a user namespace. */
export function ownerUid(userNamespace: Fd): number {
  const uid = Buffer.alloc(4);
  ioctl(userNamespace, NS_GET_OWNER_UID, uid, "NS_GET_OWNER_UID");
  return uid.readUInt32LE(0);
}

/** The calling thread's mount namespace, root and working directory, so that it can return to them. */
export class SavedNamespace implements Disposable {
  readonly #namespace: Fd;
  readonly #root: Fd;
  readonly #cwd: Fd;

  constructor() {
    this.#namespace = openat(Fd.cwd, "/proc/thread-self/ns/mnt" as Bytes, O_RDONLY);
    this.#root = openat(Fd.cwd, "/" as Bytes, O_PATH | O_DIRECTORY);
    this.#cwd = openat(Fd.cwd, "." as Bytes, O_PATH | O_DIRECTORY);
  }

  /** setns(2) moves to the namespace's root, which would take a process in a chroot outside of it. */
  return(): void {
    setns(this.#namespace, CLONE_NEWNS);
    fchdir(this.#root);
    requireSuccess(libc.chroot(Buffer.from(".\0")), "chroot", "." as Bytes, () => ["."]);
    fchdir(this.#cwd);
  }

  [Symbol.dispose](): void {
    for (const fd of [this.#namespace, this.#root, this.#cwd]) fd.close();
  }
}
