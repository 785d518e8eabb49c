/** Creates and inspects btrfs subvolumes and quota groups. */
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { cstring } from "./ffi.js";
import type { Fd } from "./files.js";
import { BTRFS_MAGIC, fileSystemMagic } from "./filesystem.js";
import { isDirectory, statx } from "./inode.js";
import { ioctl, request } from "./ioctl.js";

// linux/btrfs.h and linux/btrfs_tree.h.
const BTRFS = 0x94;
const SUBVOL_CREATE = request("write", BTRFS, 14, 4096);
const TREE_SEARCH = request("both", BTRFS, 17, 4096);
const INO_LOOKUP = request("both", BTRFS, 18, 4096);
const QGROUP_ASSIGN = request("write", BTRFS, 41, 24);
const QGROUP_CREATE = request("write", BTRFS, 42, 16);
const QUOTA_RESCAN = request("write", BTRFS, 44, 64);
const QUOTA_RESCAN_WAIT = request("none", BTRFS, 46, 0);

const FIRST_FREE_OBJECT = 256n;
const ROOT_TREE = 1n;
const QUOTA_TREE = 8n;
const ROOT_BACKREF_KEY = 144;
const QGROUP_RELATION_KEY = 246;
const MOST = 0xffffffffffffffffn;
const LEVEL_SHIFT = 48n;

const HEADER = 104;
const ITEM_HEADER = 32;
const ROUNDS = 10;

/** Whether the open inode (O_PATH works) is the root of a btrfs subvolume. */
export function isSubvolume(fd: Fd): boolean {
  const stat = statx(fd);
  return isDirectory(stat) && stat.inode === FIRST_FREE_OBJECT && fileSystemMagic(fd) === BTRFS_MAGIC;
}

/** Creates the subvolume `name` in `dir`, which must be open for reading. Its mode is 0777 minus the umask. */
export function createSubvolume(dir: Fd, name: Bytes): void {
  const argument = Buffer.alloc(4096);
  cstring(name).copy(argument, 8);
  ioctl(dir, SUBVOL_CREATE, argument, "BTRFS_IOC_SUBVOL_CREATE");
}

/** The id of the subvolume that contains the open inode. */
export function subvolumeId(fd: Fd): bigint {
  const argument = Buffer.alloc(4096);
  argument.writeBigUInt64LE(FIRST_FREE_OBJECT, 8);
  ioctl(fd, INO_LOOKUP, argument, "BTRFS_IOC_INO_LOOKUP");
  return argument.readBigUInt64LE(0);
}

/** The id of the parent subvolume; undefined for the top of the file system. */
export function parentSubvolume(fd: Fd, id: bigint): bigint | undefined {
  return search(fd, ROOT_TREE, id, ROOT_BACKREF_KEY)[0];
}

/** The parents of a quota group; a subvolume's own group has its id. Undefined if quotas are disabled. */
export function quotaGroupsAbove(fd: Fd, id: bigint): bigint[] | undefined {
  try {
    // The tree stores each relation in both directions; a higher id is a parent.
    return search(fd, QUOTA_TREE, id, QGROUP_RELATION_KEY).filter((other) => other > id);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The offsets of all keys of an object and type, in ascending order: BTRFS_IOC_TREE_SEARCH. */
function search(fd: Fd, tree: bigint, object: bigint, type: number): bigint[] {
  const found: bigint[] = [];
  for (let from = 0n; from <= MOST; ) {
    const argument = searchFor(tree, object, type, from);
    ioctl(fd, TREE_SEARCH, argument, "BTRFS_IOC_TREE_SEARCH");
    const offsets = offsetsOf(argument, object, type);
    if (offsets.length === 0) break;
    found.push(...offsets);
    from = (offsets.at(-1) ?? MOST) + 1n;
  }
  return found;
}

function searchFor(tree: bigint, object: bigint, type: number, from: bigint): Buffer {
  const argument = Buffer.alloc(4096);
  const keys = [tree, object, object, from, MOST, 0n, MOST];
  for (const [index, key] of keys.entries()) argument.writeBigUInt64LE(key, index * 8);
  argument.writeUInt32LE(type, 56);
  argument.writeUInt32LE(type, 60);
  argument.writeUInt32LE(64, 64);
  return argument;
}

function offsetsOf(result: Buffer, object: bigint, type: number): bigint[] {
  const offsets: bigint[] = [];
  let at = HEADER;
  for (let left = result.readUInt32LE(64); left > 0; left--) {
    const isWanted = result.readBigUInt64LE(at + 8) === object && result.readUInt32LE(at + 24) === type;
    if (isWanted) offsets.push(result.readBigUInt64LE(at + 16));
    at += ITEM_HEADER + result.readUInt32LE(at + 28);
  }
  return offsets;
}

/** The level of a quota group: 0 for a subvolume's own group. */
export function levelOf(group: bigint): number {
  return Number(group >> LEVEL_SHIFT);
}

export function quotaGroup(level: number, id: bigint): bigint {
  return (BigInt(level) << LEVEL_SHIFT) | id;
}

/** Creates a quota group; false if it already exists. */
export function createQuotaGroup(fd: Fd, group: bigint): boolean {
  const argument = Buffer.alloc(16);
  argument.writeBigUInt64LE(1n, 0);
  argument.writeBigUInt64LE(group, 8);
  return unlessExists(() =>
    whileBusy(fd, () => ioctl(fd, QGROUP_CREATE, argument, "BTRFS_IOC_QGROUP_CREATE")),
  );
}

export function destroyQuotaGroup(fd: Fd, group: bigint): void {
  const argument = Buffer.alloc(16);
  argument.writeBigUInt64LE(group, 8);
  whileBusy(fd, () => ioctl(fd, QGROUP_CREATE, argument, "BTRFS_IOC_QGROUP_CREATE"));
}

/** Makes `above` a parent of `group`; false if it already is. */
export function assignQuotaGroup(fd: Fd, group: bigint, above: bigint): boolean {
  const argument = Buffer.alloc(24);
  argument.writeBigUInt64LE(1n, 0);
  argument.writeBigUInt64LE(group, 8);
  argument.writeBigUInt64LE(above, 16);
  return unlessExists(() => {
    const assign = (): number => ioctl(fd, QGROUP_ASSIGN, argument, "BTRFS_IOC_QGROUP_ASSIGN");
    if (whileBusy(fd, assign) > 0) startRescan(fd);
  });
}

/** The usage counts of the groups are wrong until a rescan. */
function startRescan(fd: Fd): void {
  try {
    ioctl(fd, QUOTA_RESCAN, Buffer.alloc(64), "BTRFS_IOC_QUOTA_RESCAN");
  } catch (error) {
    if (!failedWith(error, "EINPROGRESS")) throw error;
  }
}

/** The kernel answers EBUSY to changes during a rescan. */
function whileBusy(fd: Fd, act: () => number): number {
  for (let round = 1; ; round++) {
    try {
      return act();
    } catch (error) {
      if (round === ROUNDS || !failedWith(error, "EBUSY")) throw error;
      ioctl(fd, QUOTA_RESCAN_WAIT, Buffer.alloc(8), "BTRFS_IOC_QUOTA_RESCAN_WAIT");
    }
  }
}

function unlessExists(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (failedWith(error, "EEXIST")) return false;
    throw error;
  }
}
