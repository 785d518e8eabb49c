/** A tree as data, and its creation on a disk: the same data gives the same tree, including timestamps. */
import {
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import {
  bindSocketAt,
  close,
  fitsSocket,
  lockAt,
  mknod,
  mountTmpfs,
  setFileFlags,
  setTimes,
  setXattr,
  unmount,
} from "./libc.js";

/** Names are bytes, one a character. */
export type Path = readonly string[];

export type Kind =
  | "file"
  | "directory"
  | "symlink"
  | "fifo"
  | "dead-socket"
  | "live-socket"
  | "null-device"
  | "block-device"
  | "hard-link"
  | "mount";

export interface Entry {
  readonly path: Path;
  readonly kind: Kind;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** How long before the build, in seconds; absent: as the build left it. */
  readonly atimeAgo?: number;
  readonly mtimeAgo?: number;
  readonly content?: string;
  /** Of a symlink; `@` is the directory of the copy (empty if that is the root). Of a hard link: the path of an earlier entry. */
  readonly target?: string;
  readonly xattr?: boolean;
  readonly acl?: boolean;
  readonly lock?: "shared" | "exclusive";
  readonly immutable?: boolean;
  readonly appendOnly?: boolean;
  /** Of a directory: the default ACL. */
  readonly defaultAcl?: boolean;
}

/** What has to be let go when the case is over. */
export interface Held {
  readonly descriptors: number[];
  readonly mounts: Buffer[];
}

export const toPath = (root: Buffer, path: Path): Buffer =>
  Buffer.concat([root, ...path.map((name) => Buffer.from(`/${name}`, "latin1"))]);

function kindOf(path: Buffer): "directory" | "other" | "none" {
  try {
    return lstatSync(path).isDirectory() ? "directory" : "other";
  } catch {
    return "none";
  }
}

/** Makes the missing directories above; false if one of them is not a directory. */
function makeParents(root: Buffer, path: Path, made: Buffer[]): boolean {
  for (let length = 1; length < path.length; length++) {
    const above = toPath(root, path.slice(0, length));
    const kind = kindOf(above);
    if (kind === "other") return false;
    if (kind === "none") {
      mkdirSync(above, { mode: 0o755 });
      made.push(above);
    }
  }
  return true;
}

const NANOSECONDS = 1_000_000_000n;
/** Implied directories are old, so that they do not keep all that the ageing could reach. */
const IMPLIED_AGO = 400 * 86_400;

/** An age as a time with a fraction of its own, so that a time that was rounded is seen. */
function timeAgo(now: bigint, seconds: number): bigint {
  return now - BigInt(seconds) * NANOSECONDS - 123_456_789n;
}

const MAKERS: Readonly<
  Record<Kind, (at: Buffer, entry: Entry, base: string, root: Buffer, held: Held) => void>
> = {
  directory: (at) => {
    if (kindOf(at) !== "directory") mkdirSync(at);
  },
  mount: (at, _entry, _base, _root, held) => {
    mkdirSync(at);
    if (process.getuid?.() !== 0) return;
    mountTmpfs(at);
    held.mounts.push(at);
  },
  file: (at, entry) => writeFileSync(at, Buffer.from(entry.content ?? "", "latin1")),
  symlink: (at, entry, base) =>
    symlinkSync(Buffer.from((entry.target ?? "x").replaceAll("@", base), "latin1"), at),
  fifo: (at) => mknod(at, constants.S_IFIFO | 0o644),
  "dead-socket": (at) => mknod(at, constants.S_IFSOCK | 0o644),
  "live-socket": (at, _entry, _base, _root, held) => {
    if (fitsSocket(at)) held.descriptors.push(bindSocketAt(at));
    else mknod(at, constants.S_IFSOCK | 0o644);
  },
  "null-device": (at) => mknod(at, constants.S_IFCHR | 0o644, 1, 3),
  "block-device": (at) => mknod(at, constants.S_IFBLK | 0o644, 7, 250),
  "hard-link": (at, entry, _base, root) => linkSync(toPath(root, (entry.target ?? "").split("/")), at),
};

const isDevice = (kind: Kind): boolean => kind === "null-device" || kind === "block-device";

// user:65534:r-- beside the base entries, as the kernel stores it (version 2, then tag, permissions, id).
function aclValue(mode: number): Buffer {
  const rows = [
    [0x01, (mode >> 6) & 7, 0xffffffff],
    [0x02, 4, 65534],
    [0x04, (mode >> 3) & 7, 0xffffffff],
    [0x10, ((mode >> 3) & 7) | 4, 0xffffffff],
    [0x20, mode & 7, 0xffffffff],
  ];
  const value = Buffer.alloc(4 + rows.length * 8);
  value.writeUInt32LE(2, 0);
  for (const [index, [tag, permissions, id]] of rows.entries()) {
    value.writeUInt16LE(tag ?? 0, 4 + index * 8);
    value.writeUInt16LE(permissions ?? 0, 6 + index * 8);
    value.writeUInt32LE(id ?? 0, 8 + index * 8);
  }
  return value;
}

function dress(at: Buffer, entry: Entry): void {
  const privileged = process.getuid?.() === 0;
  if (privileged && (entry.uid !== undefined || entry.gid !== undefined))
    lchownSync(at, entry.uid ?? 0, entry.gid ?? 0);
  // A hard link may be one to a symlink.
  if (entry.mode !== undefined && !lstatSync(at).isSymbolicLink()) chmodSync(at, entry.mode);
  if (entry.kind !== "file" && entry.kind !== "directory") return;
  if (entry.xattr) setXattr(at, "user.colour", Buffer.from("green"));
  if (entry.acl) setXattr(at, "system.posix_acl_access", aclValue(entry.mode ?? 0o755));
  if (entry.defaultAcl && entry.kind === "directory")
    setXattr(at, "system.posix_acl_default", aclValue(entry.mode ?? 0o755));
}

const IMMUTABLE = 0x10;
const APPEND_ONLY = 0x20;

/**
 * Mounts first, so that entries are created in them; then deep paths, so that a file rarely takes the name of a directory;
 * hard links after their targets.
 */
function inOrder(entries: readonly Entry[]): Entry[] {
  const rank = ({ kind, path }: Entry): number =>
    kind === "mount" ? path.length - 1000 : (kind === "hard-link" ? 1000 : 0) - path.length;
  return [...entries].sort((a, b) => rank(a) - rank(b));
}

/**
 * Lays `entries` below `copy`/tree, as of `now`; `base` takes the place of `@`. What can't be (a file above it, a
 * target that is missing) is left out, alike in each copy.
 */
export function build(copy: Buffer, base: string, entries: readonly Entry[], now: bigint): Held {
  const root = Buffer.concat([copy, Buffer.from("/tree")]);
  mkdirSync(root, { recursive: true });
  const held: Held = { descriptors: [], mounts: [] };
  const made: Buffer[] = [];
  const laid: { entry: Entry; at: Buffer }[] = [];
  for (const entry of inOrder(entries)) {
    ifInReach(() => {
      const at = toPath(root, entry.path);
      if (!makeParents(root, entry.path, made)) return;
      if (kindOf(at) !== "none" && !(entry.kind === "directory" && kindOf(at) === "directory")) return;
      if (entry.kind === "hard-link" && !canBeLinked(toPath(root, (entry.target ?? "").split("/")), at))
        return;
      if (isDevice(entry.kind) && process.getuid?.() !== 0) return;
      MAKERS[entry.kind](at, entry, base, root, held);
      dress(at, entry);
      laid.push({ entry, at });
    });
  }
  for (const { entry, at } of laid) hold(entry, at, held);
  for (const at of [...made].reverse())
    ifInReach(() => setTimes(at, timeAgo(now, IMPLIED_AGO), timeAgo(now, IMPLIED_AGO)));
  for (const { entry, at } of [...laid].reverse()) {
    const atime = timeAgo(now, entry.atimeAgo ?? 0);
    const mtime = timeAgo(now, entry.mtimeAgo ?? 0);
    if (entry.atimeAgo !== undefined || entry.mtimeAgo !== undefined)
      ifInReach(() => setTimes(at, atime, mtime));
  }
  setTimes(root, timeAgo(now, IMPLIED_AGO), timeAgo(now, IMPLIED_AGO));
  for (const { entry, at } of laid)
    if (entry.immutable || entry.appendOnly) freeze(at, entry.immutable ? IMMUTABLE : APPEND_ONLY);
  return held;
}

/** No directory, and on the same file system. */
function canBeLinked(target: Buffer, at: Buffer): boolean {
  if (kindOf(target) !== "other") return false;
  const above = at.subarray(0, at.lastIndexOf("/"));
  return lstatSync(target).dev === lstatSync(above).dev;
}

function hold(entry: Entry, at: Buffer, held: Held): void {
  if (entry.lock === undefined || (entry.kind !== "file" && entry.kind !== "directory")) return;
  ifInReach(() => {
    const fd = lockAt(at, entry.lock === "exclusive");
    if (fd !== undefined) held.descriptors.push(fd);
  });
}

/** What an ordinary user can't get at, in directories that are closed by then, stays as it is: in both copies. */
function ifInReach(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!/\bEACCES\b/.test(String(error))) throw error;
  }
}

/** Sets the chattr flags of a file or directory; on a file system that has none, nothing. */
export function freeze(at: Buffer, flags: number): void {
  ifInReach(() => {
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined || !(stat.isFile() || stat.isDirectory())) return;
    const fd = openSync(at, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      setFileFlags(fd, flags);
    } catch {
      // tmpfs has no such flag, an ordinary user may not set it: the same in both copies.
    } finally {
      closeSync(fd);
    }
  });
}

export function release(held: Held): void {
  for (const fd of held.descriptors) close(fd);
  for (const at of [...held.mounts].reverse()) {
    try {
      unmount(at);
    } catch {
      // Its directory was removed, and the kernel has detached the mount.
    }
  }
}
