/** Lines that set mode and owner: z, Z, m. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { UnsafePathError } from "../../base/errors.js";
import type { Fd } from "../../sys/files.js";
import { chmod, chown, isDirectory, isSymlink, PERMISSIONS, type Stat, statx } from "../../sys/inode.js";
import { isUnlinked } from "../../sys/processes.js";
import { LIBSELINUX, labellingHere, missingLabel, setLabel } from "../../sys/selinux.js";
import { hardLinksProtected } from "../../sys/settings.js";
import { skip } from "../model/attempt.js";
import type { Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import type { Mode } from "../syntax/mode.js";

const SPECIAL_BITS = 0o7000;

/** `z`, `Z`, `m`: sets mode, owner and label of an existing inode. */
export function adjust(run: RunContext, item: Item, fd: Fd, path: Bytes): void {
  setPermissions(run, item, fd, path, true);
}

/** Sets the item's owner and mode, and the policy's label for the path. */
export function setPermissions(run: RunContext, item: Item, fd: Fd, path: Bytes, existing: boolean): void {
  if (item.mode !== undefined || item.user !== undefined || item.group !== undefined) {
    setOwnerAndMode(run, item, fd, path, existing);
  }
  if (run.root === "/") restoreLabel(run, item, fd, path);
}

/** Only on the host: another root has its own policy, or none. */
function restoreLabel(run: RunContext, item: Item, fd: Fd, path: Bytes): void {
  if (labellingHere() === "off") return;
  if (labellingHere() === "no-library") {
    skip(run, item, path, `not labelled: this host has SELinux, but not ${LIBSELINUX}`);
    return;
  }
  const label = missingLabel(fd, path, statx(fd).mode);
  if (label !== undefined)
    run.effects.change(item, path, "label", escapeForDisplay(label), () => setLabel(fd, label));
}

/**
 * Changes owner and mode so that no user has more access in between than before and after: the mode is first
 * reduced to the bits that the old and the new one share.
 */
function setOwnerAndMode(run: RunContext, item: Item, fd: Fd, path: Bytes, existing: boolean): void {
  const stat = statx(fd);
  refuseHardLink(fd, path, stat);
  const { mode, uid, gid } = wantedPermissions(item, stat, existing);
  const before = stat.mode & PERMISSIONS;
  const canChmod = !isSymlink(stat);
  if (uid !== stat.uid || gid !== stat.gid) {
    run.effects.change(item, path, "owner", `${uid}:${gid}`, () => {
      if (canChmod && (mode & before) !== before) chmod(fd, mode & before);
      chown(fd, uid === stat.uid ? undefined : uid, gid === stat.gid ? undefined : gid);
      // chown(2) clears the set-id bits, even if the mode is to stay the same.
      if (canChmod && mode === before) chmod(fd, mode);
    });
  }
  if (mode !== before && canChmod) run.effects.change(item, path, "mode", octal(mode), () => chmod(fd, mode));
}

const octal = (mode: number): string => `0${mode.toString(8).padStart(3, "0")}`;

function wantedPermissions(
  item: Item,
  stat: Stat,
  existing: boolean,
): { mode: number; uid: number; gid: number } {
  const { mode, user, group } = item;
  const applies = (part: { readonly onlyCreate: boolean }): boolean => !(existing && part.onlyCreate);
  return {
    mode: mode !== undefined && applies(mode) ? masked(mode, stat) : stat.mode & PERMISSIONS,
    uid: user !== undefined && applies(user) ? user.id : stat.uid,
    gid: group !== undefined && applies(group) ? group.id : stat.gid,
  };
}

/** The mode with `~`: grants no access that no user had before, and special bits only on directories. */
function masked({ bits, masked: isMasked }: Mode, stat: Stat): number {
  if (!isMasked) return bits;
  const withheld = [0o111, 0o222, 0o444].filter((access) => (stat.mode & access) === 0);
  const allowed = withheld.reduce((mode, access) => mode & ~access, bits);
  return isDirectory(stat) ? allowed : allowed & ~SPECIAL_BITS;
}

/**
 * If the kernel lets anyone link to files that are not theirs, a file with more than one link may be a trap: its other
 * name could be /etc/shadow. So may one whose name is gone since `fd` was opened by it, which `stat` no longer counts. The
 * kernel keeps that mark for good, even if a new link takes the name.
 */
export function refuseHardLink(fd: Fd, path: Bytes, stat: Stat): void {
  if (isDirectory(stat) || stat.nlink === 0 || hardLinksProtected()) return;
  if (stat.nlink === 1 && !isUnlinked(fd)) return;
  throw new UnsafePathError("HARD_LINK", path, "has more than one name, and fs.protected_hardlinks is off");
}
