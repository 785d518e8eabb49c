/** Lines for btrfs subvolumes: v, q, Q. */
import { type Bytes, SELF } from "../../base/bytes.js";
import { failedWith, NOT_SUPPORTED } from "../../base/errors.js";
import {
  assignQuotaGroup,
  createQuotaGroup,
  createSubvolume,
  destroyQuotaGroup,
  isSubvolume,
  levelOf,
  parentSubvolume,
  quotaGroup,
  quotaGroupsAbove,
  subvolumeId,
} from "../../sys/btrfs.js";
import { openDirectory } from "../../sys/directory.js";
import { Fd, O_DIRECTORY, O_PATH, openat } from "../../sys/files.js";
import { BTRFS_MAGIC, fileSystemMagic } from "../../sys/filesystem.js";
import { ACCESS } from "../../sys/inode.js";
import { withUmask } from "../../sys/write.js";
import type { CreateFunction, CreateRequest, EntryLocation } from "../effects/effects.js";
import { ItemError } from "../effects/item-error.js";
import type { Handler, Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { createDirectoryAt, directoryMaker } from "./directories.js";
import { modeOf } from "./mode.js";

/** There are 255 levels above those of subvolumes. The topmost is used unless a parent limits it. */
const ABOVE_ALL = 256;

/** Sets up the quota groups of a new subvolume; `leaf` is its own. */
type Grouping = (fd: Fd, leaf: bigint, above: readonly bigint[]) => void;

/** `v`: creates a subvolume, or a directory if the file system has none. */
export const createSubvolumeOrDirectory: Handler = (run, item, path) => {
  create(run, item, path, undefined);
};

/** `q`: the same, and adds it to the quota groups of its parent. */
export const createInQuotaGroups: Handler = (run, item, path) => {
  create(run, item, path, (fd, leaf, above) => {
    for (const group of above) assignQuotaGroup(fd, leaf, group);
  });
};

/** `Q`: the same, with a quota group of its own, which is added to the parent's. */
export const createWithQuotaGroup: Handler = (run, item, path) => {
  create(run, item, path, (fd, leaf, above) => insertGroup(fd, path, leaf, above));
};

/** Creates subvolumes only if the root is one: otherwise the administrator does not want them below it. */
function create(run: RunContext, item: Item, path: Bytes, grouping: Grouping | undefined): void {
  const asDirectory = directoryMaker(item);
  if (!wantsSubvolumes(run.root)) {
    createDirectoryAt(run, item, path, () => asDirectory);
    return;
  }
  const asSubvolume = {
    ...asDirectory,
    kind: "subvolume",
    make: subvolumeMaker(item, asDirectory.make),
  } as const;
  const request = ({ dir }: EntryLocation): CreateRequest =>
    dir !== undefined && fileSystemMagic(dir) === BTRFS_MAGIC ? asSubvolume : asDirectory;
  createDirectoryAt(run, item, path, request, (fd) => {
    if (grouping !== undefined) setQuotaGroups(fd, grouping);
  });
}

function wantsSubvolumes(root: Bytes): boolean {
  const forced = process.env.SYSTEMD_TMPFILES_FORCE_SUBVOL?.toLowerCase() ?? "";
  if (["1", "yes", "y", "true", "t", "on"].includes(forced)) return true;
  if (["0", "no", "n", "false", "f", "off"].includes(forced)) return false;
  using top = openat(Fd.cwd, root, O_PATH | O_DIRECTORY);
  return isSubvolume(top);
}

function subvolumeMaker(item: Item, otherwise: CreateFunction): CreateFunction {
  return (dir, name) => {
    try {
      using open = openDirectory(dir, SELF);
      withUmask(~modeOf(item) & ACCESS, () => createSubvolume(open, name));
      return undefined;
    } catch (error) {
      if (!failedWith(error, ...NOT_SUPPORTED)) throw error;
      return otherwise(dir, name);
    }
  };
}

/** Nothing to do if quota is off or this is a plain directory. A subvolume that is already in groups keeps them. */
function setQuotaGroups(held: Fd, grouping: Grouping): void {
  if (!isSubvolume(held)) return;
  using fd = openDirectory(held, SELF);
  const leaf = subvolumeId(fd);
  const own = quotaGroupsAbove(fd, leaf);
  if (own === undefined || own.length > 0) return;
  const parent = parentSubvolume(fd, leaf);
  try {
    grouping(fd, leaf, parent === undefined ? [] : (quotaGroupsAbove(fd, parent) ?? []));
  } catch (error) {
    if (!failedWith(error, "EROFS", "ENOTCONN")) throw error;
  }
}

/** Creates a group one level below the lowest of the parent's, adds it to those, and adds the subvolume to it. */
function insertGroup(fd: Fd, path: Bytes, leaf: bigint, above: readonly bigint[]): void {
  const lowest = Math.min(ABOVE_ALL, ...above.map(levelOf));
  if (lowest <= 1) {
    throw new ItemError(
      "NO_QUOTA_LEVEL",
      path,
      "there is no level left between its quota groups and its parent's",
    );
  }
  const group = quotaGroup(lowest - 1, leaf);
  const isNew = createQuotaGroup(fd, group);
  try {
    for (const higher of above) assignQuotaGroup(fd, group, higher);
    assignQuotaGroup(fd, leaf, group);
  } catch (error) {
    if (isNew) destroyQuotaGroup(fd, group);
    throw error;
  }
}
