/** Lines for directories: d, D, e. */
import type { Bytes } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { resolve } from "../../path/resolve.js";
import { type Fd, mkdirat } from "../../sys/files.js";
import { isDirectory, S_IFDIR, statx } from "../../sys/inode.js";
import type { CreateRequest, CreateResult, EntryLocation } from "../effects/effects.js";
import { skip } from "../model/attempt.js";
import type { Handler, Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { setPermissions } from "./adjust.js";
import { modeOf } from "./mode.js";

const NOT_A_DIRECTORY = "exists and is not a directory";

/** `d`, `D`: creates a directory. */
export const createDirectory: Handler = (run, item, path) => {
  createDirectoryAt(run, item, path, () => directoryMaker(item));
};

export function directoryMaker(item: Item): CreateRequest {
  return {
    kind: "directory",
    make: (dir, name) => {
      mkdirat(dir, name, modeOf(item));
      return undefined;
    },
  };
}

/** `whenNew` applies only to a new directory. */
export function createDirectoryAt(
  run: RunContext,
  item: Item,
  path: Bytes,
  request: (location: EntryLocation) => CreateRequest,
  whenNew?: (fd: Fd) => void,
): void {
  using location = run.effects.openParent(item, path, "make");
  if (item.modifiers.replaceWrongType) run.effects.removeWrongType(item, location, S_IFDIR);
  const adjust = (fd: Fd): void => {
    try {
      whenNew?.(fd);
    } finally {
      setPermissions(run, item, fd, path, false);
    }
  };
  const made = makeUnlessBelowFile(run, item, location, { ...request(location), adjust });
  if (made === undefined) return;
  using fd = made.fd;
  if (!isDirectory(statx(fd))) {
    skip(run, item, path, NOT_A_DIRECTORY, "warning");
    return;
  }
  if (!made.existing) return;
  run.effects.found(item, location, "directory");
  setPermissions(run, item, fd, path, true);
}

/** systemd-tmpfiles 262 treats a file in place of the directory or of its parent alike: neither is an error. */
function makeUnlessBelowFile(
  run: RunContext,
  item: Item,
  location: EntryLocation,
  request: CreateRequest,
): CreateResult | undefined {
  try {
    return run.effects.make(item, location, request);
  } catch (error) {
    if (!failedWith(error, "ENOTDIR")) throw error;
    skip(run, item, location.path, NOT_A_DIRECTORY, "warning");
    return undefined;
  }
}

/** `e`: adjusts existing directories; follows symlinks. */
export const adjustDirectory: Handler = (run, item, path, existing) => {
  try {
    using fd = resolve(run.root, path, { follow: true });
    if (isDirectory(statx(fd))) setPermissions(run, item, fd, path, existing);
    else skip(run, item, path, NOT_A_DIRECTORY, "warning");
  } catch (error) {
    if (!failedWith(error, "ENOENT")) throw error;
  }
};
