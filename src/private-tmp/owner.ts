/** Whose private /tmp it is, proven by the kernel: a name can be anybody's choice. */
import { readFileSync } from "node:fs";
import { escapeForDisplay } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { userName } from "../sys/accounts.js";
import { Fd, procPath, readlinkat } from "../sys/files.js";
import { sameInode, statx } from "../sys/inode.js";
import { openNamespace, openOwner, ownerUid } from "../sys/namespace.js";

/** Who may mount something in a mount namespace. */
export interface ProvenOwner {
  readonly uid: number;
  /** Nobody but root and the caller can have made it or mounted anything in it. */
  readonly isTrusted: boolean;
}

/**
 * The owner of a mount namespace. A tmpfs's source and a directory's path are free to choose for whoever has a user
 * namespace; the user namespace that owns the mount namespace is not. It is trusted if it is the caller's own, in which
 * only root can mount, or if the caller made it and nobody else is mapped into it.
 */
export function ownerOf(namespace: Fd, pids: readonly number[]): ProvenOwner {
  using user = openOwner(namespace);
  using own = openNamespace("self", "user");
  if (sameInode(statx(user), statx(own))) return { uid: 0, isTrusted: true };
  const uid = ownerUid(user);
  return { uid, isTrusted: uid === process.geteuid?.() && pids.some((pid) => mapsOnlyCaller(pid, user)) };
}

/**
 * Whether the user namespace maps its maker to the same number and nobody else, as unshare(1) and bubblewrap set it up
 * for `run`. A container's maps more users, and its root decides what is mounted. The kernel shows a map only by a
 * process that lives in it.
 */
function mapsOnlyCaller(pid: number, user: Fd): boolean {
  try {
    using lived = openNamespace(pid, "user");
    if (!sameInode(statx(lived), statx(user))) return false;
    const map = readFileSync(`/proc/${pid}/uid_map`, "latin1").trim().split(/\s+/);
    const uid = `${process.geteuid?.()}`;
    return map.length === 3 && map[0] === uid && map[1] === uid && map[2] === "1";
  } catch {
    return false;
  }
}

/** The owner of the mount namespace that the kernel calls `id`; undefined if it can't be told. */
export function ownerOfView({ id, pids }: { id: string; pids: readonly number[] }): ProvenOwner | undefined {
  for (const pid of pids) {
    try {
      using namespace = openNamespace(pid, "mnt");
      if (namespaceId(namespace) === id) return ownerOf(namespace, pids);
    } catch (error) {
      if (!failedWith(error, "ENOENT", "ESRCH", "EINVAL", "EACCES", "EPERM", "ENOTTY")) throw error;
    }
  }
  return undefined;
}

/** As the kernel names it: `mnt:[4026531841]`. */
export function namespaceId(namespace: Fd): string {
  return readlinkat(Fd.cwd, procPath(namespace));
}

/** `user nobody (uid 65534)`, for messages. */
export function userInWords(uid: number): string {
  const name = escapeForDisplay(userName(uid));
  return name === `${uid}` ? `uid ${uid}` : `user ${name} (uid ${uid})`;
}
