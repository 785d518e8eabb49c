/** Preserves hard links within a copied tree. */
import { type Bytes, SELF } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";
import {
  AT_SYMLINK_FOLLOW,
  Fd,
  linkat,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openat,
  openat2,
  procPath,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from "../sys/files.js";
import { type InodeId, inodeId, type Stat, sameInode, statx } from "../sys/inode.js";
import { type CopyFrame, pathFromAbove } from "./copy-parts.js";

function hardLinkKey(stat: InodeId): string {
  return `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inode}`;
}

/** The location of a copy, below the top of the copied tree. */
interface CopyLocation {
  readonly levels: readonly CopyFrame[];
  readonly name: Bytes;
}

/** Opens the directory of a location, below `top` and through no symlink. */
function openCopied(top: Fd, { levels }: CopyLocation): Fd {
  const above = levels.map(pathFromAbove).join("/") as Bytes;
  return openat2(
    top,
    above === "" ? SELF : above,
    O_PATH | O_DIRECTORY,
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  );
}

/** The location of the first copy of each inode with several names, by device and inode number. */
export class HardLinks {
  readonly #known = new Map<string, { readonly place: CopyLocation; readonly stat: InodeId }>();

  /** Records a copy named `name` in the last of `levels`. */
  remember(stat: Stat, levels: readonly CopyFrame[], dir: Fd, name: Bytes): void {
    if (stat.nlink <= 1) return;
    const place = { levels: levels.slice(1), name };
    this.#known.set(hardLinkKey(stat), { place, stat: inodeId(statx(dir, name)) });
  }

  /** Links to the copy of an inode that was already copied; false if it must be copied again. */
  link(stat: Stat, top: Fd | undefined, dir: Fd, name: Bytes): boolean {
    const known = stat.nlink > 1 ? this.#known.get(hardLinkKey(stat)) : undefined;
    if (known === undefined || top === undefined) return false;
    try {
      using above = openCopied(top, known.place);
      using copy = openat(above, known.place.name, O_PATH | O_NOFOLLOW);
      // Another user may have put another inode in its place.
      if (!sameInode(statx(copy), known.stat)) return false;
      linkat(Fd.cwd, procPath(copy), dir, name, AT_SYMLINK_FOLLOW);
      return true;
    } catch (error) {
      if (error instanceof SyscallError) return false;
      throw error;
    }
  }
}
