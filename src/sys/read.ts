import { readFileSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_PATH, O_RDONLY, openat, openat2, RESOLVE_IN_ROOT } from "./files.js";

/** Opens `path` below `root`, symlinks resolved as if `root` were `/`; without one, as the host resolves it. */
export function openBelow(root: Bytes | undefined, path: Bytes, flags = O_RDONLY): Fd {
  if (root === undefined || root === "/") return openat(Fd.cwd, path, flags);
  using top = openat(Fd.cwd, root, O_PATH | O_DIRECTORY);
  return openat2(top, path, flags, RESOLVE_IN_ROOT);
}

/** All that can be read from an open file. */
export function readAll(fd: Fd): Bytes {
  return readFileSync(fd.number, "latin1") as Bytes;
}

/** The content of `path` below `root`; undefined where there is no such file. */
export function readBelow(root: Bytes | undefined, path: Bytes): Bytes | undefined {
  try {
    using file = openBelow(root, path);
    return readAll(file);
  } catch (error) {
    if (failedWith(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** All of standard input, from where it stands. */
export function readStandardInput(): Bytes {
  return readFileSync(0, "latin1") as Bytes;
}
