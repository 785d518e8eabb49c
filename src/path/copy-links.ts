/** Keeps hard links within a tree that is copied. */
import { type Bytes, SELF } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";
import {
  type Fd,
  linkat,
  O_DIRECTORY,
  O_PATH,
  openat2,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  unlinkat,
} from "../sys/files.js";
import { type InodeId, inodeId, type Stat, sameInode, statx } from "../sys/inode.js";
import type { Level } from "./copy-parts.js";

function hardLinkKey(stat: InodeId): string {
  return `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inode}`;
}

/** Where something was copied to, below the top of the copy. */
interface Place {
  readonly levels: readonly Level[];
  readonly name: Bytes;
}

/** The directory of a place, below `top` and through no symlink. */
function openCopied(top: Fd, { levels }: Place): Fd {
  const above = levels.map(({ actual }) => actual).join("/") as Bytes;
  return openat2(
    top,
    above === "" ? SELF : above,
    O_PATH | O_DIRECTORY,
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  );
}

/** Where the first copy of an inode with several names is, below the top: by device and number. */
export class HardLinks {
  readonly #known = new Map<string, { readonly place: Place; readonly stat: InodeId }>();

  /** Remembers a copy that was made as `name` in the last of `levels`. */
  remember(stat: Stat, levels: readonly Level[], dir: Fd, name: Bytes): void {
    if (stat.nlink <= 1) return;
    const place = { levels: levels.slice(1), name };
    this.#known.set(hardLinkKey(stat), { place, stat: inodeId(statx(dir, name)) });
  }

  /** Gives an inode that was copied already one more name; false where it must be copied anew. */
  link(stat: Stat, top: Fd | undefined, dir: Fd, name: Bytes): boolean {
    const known = stat.nlink > 1 ? this.#known.get(hardLinkKey(stat)) : undefined;
    if (known === undefined || top === undefined) return false;
    try {
      using above = openCopied(top, known.place);
      linkat(above, known.place.name, dir, name);
    } catch (error) {
      if (error instanceof SyscallError) return false;
      throw error;
    }
    // Somebody may have put another inode in its place.
    if (sameInode(statx(dir, name), known.stat)) return true;
    unlinkat(dir, name);
    return false;
  }
}
