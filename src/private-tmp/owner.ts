/** Determines the owner of a private /tmp as verified by the kernel, since anyone can choose a name. */
import { readFileSync } from "node:fs";
import { escapeForDisplay } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { userName } from "../sys/accounts.js";
import { Fd, procPath, readlinkat } from "../sys/files.js";
import { sameInode, statx } from "../sys/inode.js";
import { openNamespace, openOwner, ownerUid } from "../sys/namespace.js";

/** The user who controls the mounts of a mount namespace. */
export interface ProvenOwner {
  readonly uid: number;
  /** Only root and the caller can have created it or mounted anything in it. */
  readonly isTrusted: boolean;
}

/**
 * The owner of a mount namespace. A user with a user namespace can choose the source of a tmpfs and the path of a
 * directory, but not the user namespace that owns the mount namespace. It is trusted if it is the caller's own, in which
 * only root can mount, or if the caller created it and no other user is mapped into it.
 */
export function ownerOf(namespace: Fd, pids: readonly number[]): ProvenOwner {
  using user = openOwner(namespace);
  using own = openNamespace("self", "user");
  if (sameInode(statx(user), statx(own))) return { uid: 0, isTrusted: true };
  const uid = ownerUid(user);
  return { uid, isTrusted: uid === process.geteuid?.() && pids.some((pid) => mapsOnlyCaller(pid, user)) };
}

/**
 * Whether the user namespace maps only its creator, to the same UID, as unshare(1) and bubblewrap set it up for `run`. A
 * container maps more users, and its root controls the mounts. The kernel shows the map only through a process in it.
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

/** The owner of the mount namespace `id`; undefined if unknown. */
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

/** The kernel's name of a namespace: `mnt:[4026531841]`. */
export function namespaceId(namespace: Fd): string {
  return readlinkat(Fd.cwd, procPath(namespace));
}

/** `user nobody (uid 65534)`, for messages. */
export function userInWords(uid: number): string {
  const name = escapeForDisplay(userName(uid));
  return name === `${uid}` ? `uid ${uid}` : `user ${name} (uid ${uid})`;
}
