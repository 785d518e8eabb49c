/** A tree that an attacker can write to, and next to it files that must not change. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimes } from "../oracle/libc.js";
import { differences, type Snapshot, snapshot } from "../oracle/snapshot.js";
import { makeScratch, removeScratch } from "../scratch.js";

export const isRoot = process.getuid?.() === 0;
/** Who owns the tree: where the test runs as root, somebody else. */
const ATTACKER = isRoot ? 65534 : (process.getuid?.() ?? 0);
const OLD = 1_000_000_000_123_456_789n;
const FILES = 24;

export interface Arena {
  readonly folder: string;
  /** What is cleaned. */
  readonly tree: string;
  /** In the tree: a directory, except where the attacker has just put the lure there. */
  readonly victim: string;
  /** In the tree: a symlink to the canary, except where the attacker has just put the victim there. */
  readonly lure: string;
  /** In the tree: a symlink to a file of the canary's, except where the attacker has just put another file there. */
  readonly pointer: string;
  /** The names that the attacker swaps: victim and lure, and a file with a symlink to one of the canary's. */
  readonly swapped: readonly string[];
  readonly canary: string;
  /** Puts the tree back as it was before a round: in turn each of the four that `SETTINGS` lists. */
  rebuild(): void;
  /** How the canary has changed since it was made, and what of it was copied; or nothing. */
  harm(): string[];
  close(): void;
}

/** The tree is the attacker's own, or root's and sticky; its symlinks are absolute, or relative. */
const SETTINGS = [
  { sticky: false, relative: false },
  { sticky: true, relative: true },
  { sticky: false, relative: true },
  { sticky: true, relative: false },
];
const SECRET = "secret!";
/** Where lines copy to: `@/../copies`. */
const COPIES = "copies";

/** The same names in both, so that an action meant for one finds the same names in the other. */
function fill(directory: string, owner: number, content = "content"): void {
  mkdirSync(join(directory, "deep"), { recursive: true });
  for (let n = 0; n < FILES; n++) writeFileSync(join(directory, `f${n}`), content);
  writeFileSync(join(directory, "deep/file"), content);
  for (const name of ["deep/file", "deep", "."]) chownSync(join(directory, name), owner, owner);
  for (let n = 0; n < FILES; n++) chownSync(join(directory, `f${n}`), owner, owner);
}

function age(directory: string): void {
  const names = ["deep/file", "deep", ...Array.from({ length: FILES }, (_, n) => `f${n}`), "."];
  for (const name of names) setTimes(Buffer.from(join(directory, name)), OLD, OLD);
}

/** Copies of files that only the canary contains. */
function leaks(copies: string): string[] {
  if (!existsSync(copies)) return [];
  const files = readdirSync(copies, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return paths.filter((path) => readFileSync(path, "utf8") === SECRET).map((path) => `${path}: copied`);
}

export function openArena(): Arena {
  const folder = makeScratch("/var/tmp");
  chmodSync(folder, 0o755);
  const canary = join(folder, "canary");
  fill(canary, isRoot ? 0 : ATTACKER, SECRET);
  age(canary);
  const since = BigInt(Date.now() - 1000) * 1_000_000n;
  const look = (): Snapshot => snapshot(Buffer.from(canary), since);
  // The first look moves access times, for all that it reads is old; from the second on nothing moves any more.
  look();
  const before = look();
  const tree = join(folder, "tree");
  const [victim, lure] = [join(tree, "victim"), join(tree, "lure")];
  const [note, pointer] = [join(tree, "note"), join(tree, "pointer")];
  let rounds = 0;
  // Made and unmade under other names, and moved: the attacker must not lead the test itself astray.
  const rebuild = (): void => {
    const [next, last] = [join(folder, "next"), join(folder, "last")];
    const { sticky, relative } = SETTINGS[rounds++ % SETTINGS.length] ?? { sticky: false, relative: false };
    mkdirSync(next);
    if (sticky) chmodSync(next, 0o1777);
    else chownSync(next, ATTACKER, ATTACKER);
    fill(join(next, "victim"), ATTACKER);
    writeFileSync(join(next, "note"), "content");
    symlinkSync(relative ? "../canary" : canary, join(next, "lure"));
    symlinkSync(relative ? "../canary/f1" : join(canary, "f1"), join(next, "pointer"));
    for (const name of ["note", "lure", "pointer"]) lchownSync(join(next, name), ATTACKER, ATTACKER);
    rmSync(join(folder, COPIES), { recursive: true, force: true });
    if (existsSync(tree)) renameSync(tree, last);
    renameSync(next, tree);
    rmSync(last, { recursive: true, force: true });
  };
  rebuild();
  return {
    folder,
    tree,
    victim,
    lure,
    pointer,
    swapped: [victim, lure, note, pointer],
    canary,
    rebuild,
    harm: () => [...differences(before, look()), ...leaks(join(folder, COPIES))],
    close: () => removeScratch(folder),
  };
}
