/** Reads files below a root directory: symbolic links resolve inside the root. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type Bytes, bytes, components, fromBuffer, join, toBuffer } from "../../base/bytes.js";

const MOST_LINKS = 40;
const MOST_BYTES = 64 << 20;

/** The tree of a host: `/`, or the root of another. */
export class RootFiles {
  readonly #root: Bytes;

  constructor(root: Bytes) {
    this.#root = root;
  }

  /** The path as this process sees it; undefined if it does not exist. */
  locate(path: string): Bytes | undefined {
    let done = this.#root;
    const names = components(path as Bytes);
    for (let links = 0; names.length > 0; ) {
      const name = names.shift() as Bytes;
      if (name === ".") continue;
      if (name === "..") done = done === this.#root ? done : parentOf(done, this.#root);
      else {
        const next = join(done, name);
        const target = linkAt(next);
        if (target === undefined) done = next;
        else {
          if (++links > MOST_LINKS) return undefined;
          names.unshift(...components(target));
          if (target.startsWith("/")) done = this.#root;
        }
      }
    }
    return done;
  }

  /** The content of a regular file, one character for each byte; undefined if there is none. */
  read(path: string): string | undefined {
    const place = this.locate(path);
    return place === undefined ? undefined : readPlace(place);
  }

  /** The names in a directory, sorted. */
  list(path: string): Bytes[] {
    const place = this.locate(path);
    if (place === undefined) return [];
    try {
      return readdirSync(toBuffer(place), { encoding: "buffer" }).map(fromBuffer).sort();
    } catch {
      return [];
    }
  }

  /** The path with the root before it. */
  shown(path: string): Bytes {
    return join(this.#root, path.replace(/^\/+/, "") as Bytes);
  }

  /** Where a symbolic link leads, as written. */
  linkTarget(path: string): string | undefined {
    return linkAt(this.shown(path));
  }
}

function parentOf(path: Bytes, root: Bytes): Bytes {
  const parent = path.slice(0, path.lastIndexOf("/")) as Bytes;
  return parent.length < root.length ? root : parent;
}

function linkAt(path: Bytes): Bytes | undefined {
  try {
    return fromBuffer(readlinkSync(toBuffer(path), { encoding: "buffer" }));
  } catch {
    return undefined;
  }
}

function readPlace(place: Bytes): string | undefined {
  let fd: number;
  try {
    fd = openSync(toBuffer(place), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(fd);
    return stats.isFile() && stats.size <= MOST_BYTES ? readFileSync(fd, "latin1") : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

export const ROOT_DIRECTORY = bytes("/");
