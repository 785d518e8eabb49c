import type { Bytes } from "../../base/bytes.js";
import { readlinkat, symlinkat } from "../../sys/files.js";
import { isSymlink, S_IFLNK, statx } from "../../sys/inode.js";
import { withCreationLabel } from "../../sys/selinux.js";
import { skip } from "../attempt.js";
import type { Creation } from "../hands.js";
import type { Item } from "../item.js";
import type { Handler } from "../line-type.js";
import { setPermissions } from "./adjust.js";

const EMPTY = "" as Bytes;

/** `L`: a symlink; `L+` puts it in the place of whatever is there; `L?` only where its target is there. */
export const createSymlink: Handler = (run, item, path) => {
  using place = run.hands.openParent(item, path, "make");
  if (item.modifiers.replaceWrongType) run.hands.removeWrongType(item, place, S_IFLNK);
  const target = item.argument as Bytes;
  const creation = symlinkMaker(item, target);
  let made = run.hands.make(item, place, creation);
  if (made?.existing === true) {
    using found = made.fd;
    if (isSymlink(statx(found)) && readlinkat(found, EMPTY) === target) {
      run.hands.found(item, place, "symlink", target);
      setPermissions(run, item, found, path, true);
      return;
    }
    if (!item.modifiers.force) {
      skip(run, item, path, "exists and is not this symlink");
      return;
    }
    made = run.hands.replace(item, place, creation);
  }
  if (made === undefined) return;
  using fd = made.fd;
  setPermissions(run, item, fd, path, false);
};

function symlinkMaker(item: Item, target: Bytes): Creation {
  return {
    kind: "symlink",
    target,
    make: (dir, name) => {
      withCreationLabel(item.path, S_IFLNK, () => symlinkat(target, dir, name));
      return undefined;
    },
  };
}
