import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bytes } from "#src/base/bytes.js";
import { removeTree } from "#src/path/tree.js";
import { Fd, mkdirat, mknodat, O_DIRECTORY, openat } from "#src/sys/files.js";
import { S_IFREG } from "#src/sys/inode.js";

export interface Tree {
  readonly path: string;
  readonly entries: number;
}

/** `entries` files in directories of `perDirectory`, two levels deep if there are many directories. */
export function wideTree(path: string, entries: number, perDirectory: number): Tree {
  mkdirSync(path, { recursive: true });
  using top = openat(Fd.cwd, bytes(path), O_DIRECTORY);
  let made = 0;
  for (let group = 0; made < entries; group++) {
    mkdirat(top, bytes(`g${group}`), 0o755);
    using outer = openat(top, bytes(`g${group}`), O_DIRECTORY);
    for (let index = 0; index < 100 && made < entries; index++) {
      mkdirat(outer, bytes(`d${index}`), 0o755);
      using inner = openat(outer, bytes(`d${index}`), O_DIRECTORY);
      made += files(inner, Math.min(perDirectory, entries - made));
    }
  }
  return { path, entries };
}

export function flatTree(path: string, entries: number): Tree {
  mkdirSync(path, { recursive: true });
  using top = openat(Fd.cwd, bytes(path), O_DIRECTORY);
  files(top, entries);
  return { path, entries };
}

/** Directories only, in directories of 100. */
export function directoryTree(path: string, directories: number): Tree {
  mkdirSync(path, { recursive: true });
  using top = openat(Fd.cwd, bytes(path), O_DIRECTORY);
  for (let group = 0; group * 100 < directories; group++) {
    mkdirat(top, bytes(`g${group}`), 0o755);
    using outer = openat(top, bytes(`g${group}`), O_DIRECTORY);
    for (let index = 0; index < 99; index++) mkdirat(outer, bytes(`d${index}`), 0o755);
  }
  return { path, entries: directories };
}

export function deepTree(path: string, depth: number): Tree {
  mkdirSync(path, { recursive: true });
  let current = openat(Fd.cwd, bytes(path), O_DIRECTORY);
  for (let level = 0; level < depth; level++) {
    mkdirat(current, bytes("d"), 0o755);
    const next = openat(current, bytes("d"), O_DIRECTORY);
    current.close();
    current = new Fd(next.number, bytes("deep"));
  }
  current.close();
  return { path, entries: depth };
}

function files(dir: Fd, count: number): number {
  for (let index = 0; index < count; index++) mknodat(dir, bytes(`file-${index}.tmp`), S_IFREG | 0o644);
  return count;
}

/** By directory fd, since 10,000 levels are more than rmSync's stack holds. */
export function removeScratch(path: string): void {
  using above = openat(Fd.cwd, bytes(dirname(path)), O_DIRECTORY);
  const [left] = removeTree(above, bytes(basename(path))).left;
  if (left !== undefined) throw left.error;
}

/** Where a bench of each kind of file system may write. */
export function scratchDirectories(): { readonly tmpfs: string; readonly disk: string } {
  return { tmpfs: "/dev/shm", disk: process.env.TMPDIR ?? join("/", "var", "tmp") };
}
