/** The kinds of inodes, and their S_IFMT bits. */
import type { InodeKind } from "../../base/events.js";
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type Stat,
} from "../../sys/inode.js";

const TYPES: readonly (readonly [InodeKind, number])[] = [
  ["file", S_IFREG],
  ["directory", S_IFDIR],
  ["symlink", S_IFLNK],
  ["fifo", S_IFIFO],
  ["socket", S_IFSOCK],
  ["character-device", S_IFCHR],
  ["block-device", S_IFBLK],
];

const KINDS: ReadonlyMap<number, InodeKind> = new Map(TYPES.map(([kind, type]) => [type, kind]));

/** The kind of an inode. Reports a btrfs subvolume as a directory. */
export function kindOf(stat: Pick<Stat, "mode">): InodeKind {
  return KINDS.get(stat.mode & S_IFMT) ?? "file";
}

/** The S_IFMT bits of a kind. */
export function typeOf(kind: InodeKind): number {
  const wanted = kind === "subvolume" ? "directory" : kind;
  return TYPES.find(([one]) => one === wanted)?.[1] ?? S_IFREG;
}

export function hasKind(stat: Stat, kind: InodeKind): boolean {
  return kindOf(stat) === (kind === "subvolume" ? "directory" : kind);
}
