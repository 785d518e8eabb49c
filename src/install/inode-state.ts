/** What is at a path: read before a change, compared after it, and put back by `mayfly uninstall`. */
import { type Bytes, toText } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { type Fd, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, openat, readlinkat } from "../sys/files.js";
import { isDirectory, isRegular, isSymlink, type Stat, statx } from "../sys/inode.js";
import { LIMITS, readAll } from "../sys/read.js";

/** Content and targets are bytes; times are nanoseconds, as text. `undefined` fields are not compared. */
export type InodeState =
  | { readonly kind: "absent" }
  | {
      readonly kind: "file";
      readonly mode: number;
      readonly content: Bytes;
      readonly uid: number;
      readonly gid: number;
      readonly mtime?: string;
    }
  | { readonly kind: "symlink"; readonly target: Bytes; readonly uid: number; readonly gid: number }
  | { readonly kind: "directory" }
  | { readonly kind: "other" };

export const ABSENT: InodeState = { kind: "absent" };

const PERMISSIONS = 0o7777;
const ITSELF = "" as Bytes;

/** The state of `name` in `dir`. Follows no symlink. */
export function stateOf(dir: Fd, name: Bytes): InodeState {
  let held: Fd;
  try {
    held = openat(dir, name, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return ABSENT;
    throw error;
  }
  using fd = held;
  const stat = statx(fd);
  const { uid, gid } = stat;
  if (isSymlink(stat)) return { kind: "symlink", target: readlinkat(fd, ITSELF), uid, gid };
  if (isDirectory(stat)) return { kind: "directory" };
  return isRegular(stat) ? fileState(dir, name, stat) : { kind: "other" };
}

function fileState(dir: Fd, name: Bytes, { mode, uid, gid, mtime }: Stat): InodeState {
  using file = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const content = readAll(file, LIMITS.settings);
  return { kind: "file", mode: mode & PERMISSIONS, content, uid, gid, mtime: String(mtime) };
}

/** Whether two states are the same, except for times. */
export function sameState(a: InodeState, b: InodeState): boolean {
  return signature(a) === signature(b);
}

function signature(state: InodeState): string {
  if (state.kind !== "file") return JSON.stringify(state, Object.keys(state).sort());
  const { mode, content, uid, gid } = state;
  return JSON.stringify(["file", mode, content, uid, gid]);
}

/** For messages. */
export function kindText(state: InodeState): string {
  if (state.kind === "symlink") return `a symlink to ${toText(state.target)}`;
  return { absent: "missing", file: "a file", directory: "a directory", other: "a special file" }[state.kind];
}
