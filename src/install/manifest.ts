/** The record of an installation: what was at each path before, and what Mayfly put there. It is complete before the first change. */
import { fsyncSync } from "node:fs";
import { type Bytes, basename, bytes, components, dirname, escapeForDisplay, join } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { resolve, resolvePartial } from "../path/resolve.js";
import { removeTree } from "../path/tree.js";
import { makeUnderTemporaryName } from "../path/whole.js";
import { temporaryName } from "../path/workplace.js";
import { entries, openDirectory } from "../sys/directory.js";
import {
  AT_REMOVEDIR,
  type Fd,
  mkdirat,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  openat,
  renameat2,
  tryUnlinkat,
} from "../sys/files.js";
import { readBelow } from "../sys/read.js";
import { renameat } from "../sys/rename.js";
import { writeAll } from "../sys/write.js";
import type { InodeState } from "./inode-state.js";
import { hostPath, makePlainDirectory, sync } from "./place.js";

/** One path below the root. */
export interface PathChange {
  readonly path: Bytes;
  readonly before: InodeState;
  /** What Mayfly put there, the newest first: an interrupted update may have left an older one. */
  readonly after: readonly InodeState[];
}

export interface Manifest {
  readonly version: 1;
  readonly init: string;
  /** What `install --refresh` uses again; older versions wrote neither. */
  readonly serve?: boolean | undefined;
  readonly serviceDirectory?: Bytes | undefined;
  readonly takeOver: boolean;
  /** The topmost directory that was made for the manifest itself; it goes with it. */
  readonly made: Bytes | undefined;
  /** What the jobs write, as far as it was not there before. */
  readonly data: readonly Bytes[];
  readonly changes: readonly PathChange[];
}

const NAME = "install.json" as Bytes;
const MOST_BYTES = 64 << 20;
const FILE_MODE = 0o600;

/** The manifest in the state directory `state` of the system below `root`; undefined if nothing is installed. */
export function readManifest(root: Bytes, state: Bytes): Manifest | undefined {
  const path = join(state, NAME);
  const text = readBelow(root, path, MOST_BYTES);
  if (text === undefined) return undefined;
  try {
    const manifest = JSON.parse(Buffer.from(text, "latin1").toString("utf8")) as Manifest;
    if (manifest.version === 1 && Array.isArray(manifest.changes)) return manifest;
  } catch {
    // Reported below.
  }
  throw new Error(
    `${escapeForDisplay(path)}: is not a manifest that this version of mayfly can read; use the version that wrote it`,
  );
}

/** Writes the manifest whole: also the first one, with the directories that it needs. */
export function writeManifest(root: Bytes, state: Bytes, manifest: Omit<Manifest, "made">): Manifest {
  const { fd, missing } = resolvePartial(root, hostPath(root, state), { follow: true });
  using dir = fd;
  const [first] = missing;
  if (first !== undefined) return writeFirst(dir, state, missing, manifest);
  const before = readManifest(root, state);
  const whole = { ...manifest, made: before?.made };
  writeIn(dir, whole);
  return whole;
}

function writeIn(dir: Fd, manifest: Manifest): void {
  const temporary = temporaryName(dir, NAME);
  if (temporary === undefined) throw new Error(`${escapeForDisplay(dir.path)}: cannot rename files here`);
  fill(dir, temporary, manifest);
  renameat(dir, temporary, dir, NAME);
  sync(dir);
}

function fill(dir: Fd, name: Bytes, manifest: Manifest): void {
  using file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
  writeAll(file, bytes(`${JSON.stringify(manifest)}\n`));
  fsyncSync(file.number);
}

/** The directories appear together with the manifest. */
function writeFirst(
  dir: Fd,
  state: Bytes,
  missing: readonly Bytes[],
  manifest: Omit<Manifest, "made">,
): Manifest {
  const [first = NAME, ...rest] = missing;
  const made = components(state).slice(0, components(state).length - rest.length);
  const whole = { ...manifest, made: `/${made.join("/")}` as Bytes };
  const making = {
    fill: (top: Fd) => fillBelow(top, rest, whole),
    adjust: () => undefined,
  };
  const makeTop = (parent: Fd, name: Bytes): Fd => {
    makePlainDirectory(parent, name);
    return openDirectory(parent, name, O_NOFOLLOW);
  };
  const result = makeUnderTemporaryName(dir, first, makeTop, making);
  if (result === undefined) {
    // For the kernel's own reason.
    mkdirat(dir, first, 0o755);
    throw new Error(`${escapeForDisplay(state)}: cannot be created`);
  }
  result.fd.close();
  sync(dir);
  return whole;
}

function fillBelow(top: Fd, names: readonly Bytes[], manifest: Manifest): void {
  const [name, ...rest] = names;
  if (name === undefined) {
    fill(top, NAME, manifest);
    return;
  }
  makePlainDirectory(top, name);
  using below = openDirectory(top, name, O_NOFOLLOW);
  fillBelow(below, rest, manifest);
}

/** Removes the manifest, and the directories that were made for it if nothing else is in them. */
export function removeManifest(root: Bytes, state: Bytes, { made }: Manifest): void {
  if (made !== undefined && removeWithDirectories(root, state, made)) return;
  using dir = resolve(root, hostPath(root, state), { follow: true });
  tryUnlinkat(dir, NAME);
  sync(dir);
  for (let path = state; made !== undefined && path.length >= made.length; path = dirname(path)) {
    using above = resolve(root, dirname(hostPath(root, path)), { follow: true });
    if (tryUnlinkat(above, basename(path), AT_REMOVEDIR) !== undefined) return;
  }
}

/** In one step, if nothing else is in them; what a kill leaves then is a temporary name, which the next command removes. */
function removeWithDirectories(root: Bytes, state: Bytes, made: Bytes): boolean {
  for (
    let path = state, only = NAME;
    path.length >= made.length;
    only = basename(path), path = dirname(path)
  ) {
    using held = resolve(root, hostPath(root, path), { follow: true });
    using dir = openDirectory(held, "." as Bytes);
    for (const { name } of entries(dir)) if (name !== only) return false;
  }
  using above = resolve(root, dirname(hostPath(root, made)), { follow: true });
  const temporary = temporaryName(above, basename(made));
  if (temporary === undefined) return false;
  renameat2(above, basename(made), above, temporary);
  sync(above);
  return removeTree(above, temporary).left.length === 0;
}

/** Removes what a killed command left beside the manifest, or beside a directory above it. */
export function removeLeftovers(root: Bytes, state: Bytes): void {
  const names = components(state);
  for (let depth = 0; depth <= names.length; depth++) {
    const path = `/${names.slice(0, depth).join("/")}` as Bytes;
    try {
      using dir = resolve(root, hostPath(root, path), { follow: true });
      temporaryName(dir, names[depth] ?? NAME);
    } catch (error) {
      if (failedWith(error, "ENOENT", "ENOTDIR")) return;
      throw error;
    }
  }
}
