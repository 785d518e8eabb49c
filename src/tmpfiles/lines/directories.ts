import type { Bytes } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { resolve } from "../../path/resolve.js";
import { type Fd, mkdirat } from "../../sys/files.js";
import { isDirectory, S_IFDIR, statx } from "../../sys/inode.js";
import { skip } from "../attempt.js";
import type { Creation, Made, Place } from "../hands/hands.js";
import type { Item } from "../item.js";
import type { Handler } from "../line-type.js";
import type { Run } from "../run.js";
import { setPermissions } from "./adjust.js";
import { modeOf } from "./mode.js";

const NOT_A_DIRECTORY = "exists and is not a directory";

/** `d`, `D`: a directory. */
export const createDirectory: Handler = (run, item, path) => {
  makeDirectory(run, item, path, () => directoryMaker(item));
};

export function directoryMaker(item: Item): Creation {
  return {
    kind: "directory",
    make: (dir, name) => {
      mkdirat(dir, name, modeOf(item));
      return undefined;
    },
  };
}

/** `whenNew` is for what only a new one gets. */
export function makeDirectory(
  run: Run,
  item: Item,
  path: Bytes,
  creation: (place: Place) => Creation,
  whenNew?: (fd: Fd) => void,
): void {
  using place = run.hands.openParent(item, path, "make");
  if (item.modifiers.replaceWrongType) run.hands.removeWrongType(item, place, S_IFDIR);
  const adjust = (fd: Fd): void => {
    try {
      whenNew?.(fd);
    } finally {
      setPermissions(run, item, fd, path, false);
    }
  };
  const made = makeUnlessBelowFile(run, item, place, { ...creation(place), adjust });
  if (made === undefined) return;
  using fd = made.fd;
  if (!isDirectory(statx(fd))) {
    skip(run, item, path, NOT_A_DIRECTORY, "warning");
    return;
  }
  if (!made.existing) return;
  run.hands.found(item, place, "directory");
  setPermissions(run, item, fd, path, true);
}

/** 262 tells no file in the directory's place from one in its parent's; neither is an error. */
function makeUnlessBelowFile(run: Run, item: Item, place: Place, creation: Creation): Made | undefined {
  try {
    return run.hands.make(item, place, creation);
  } catch (error) {
    if (!failedWith(error, "ENOTDIR")) throw error;
    skip(run, item, place.path, NOT_A_DIRECTORY, "warning");
    return undefined;
  }
}

/** `e`: adjusts directories that are there, symlinks followed. */
export const adjustDirectory: Handler = (run, item, path, existing) => {
  try {
    using fd = resolve(run.root, path, { follow: true });
    if (isDirectory(statx(fd))) setPermissions(run, item, fd, path, existing);
    else skip(run, item, path, NOT_A_DIRECTORY, "warning");
  } catch (error) {
    if (!failedWith(error, "ENOENT")) throw error;
  }
};
