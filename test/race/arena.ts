/** A tree that an attacker can write to, and beside it a canary that nothing may touch. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimes } from "../oracle/libc.js";
import { differences, type Snapshot, snapshot } from "../oracle/snapshot.js";

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
  readonly canary: string;
  /** Puts the tree back as it was before a round. */
  rebuild(): void;
  /** How the canary has changed since it was made, or nothing. */
  harm(): string[];
  close(): void;
}

/** The same names in both, so that what is meant for the one finds its like in the other. */
function fill(directory: string, owner: number): void {
  mkdirSync(join(directory, "deep"), { recursive: true });
  for (let n = 0; n < FILES; n++) writeFileSync(join(directory, `f${n}`), "content");
  writeFileSync(join(directory, "deep/file"), "content");
  for (const name of ["deep/file", "deep", "."]) chownSync(join(directory, name), owner, owner);
  for (let n = 0; n < FILES; n++) chownSync(join(directory, `f${n}`), owner, owner);
}

function age(directory: string): void {
  const names = ["deep/file", "deep", ...Array.from({ length: FILES }, (_, n) => `f${n}`), "."];
  for (const name of names) setTimes(Buffer.from(join(directory, name)), OLD, OLD);
}

export function openArena(): Arena {
  const folder = mkdtempSync("/var/tmp/mayfly-race-");
  chmodSync(folder, 0o755);
  const canary = join(folder, "canary");
  fill(canary, isRoot ? 0 : ATTACKER);
  age(canary);
  const since = BigInt(Date.now() - 1000) * 1_000_000n;
  const look = (): Snapshot => snapshot(Buffer.from(canary), since);
  // The first look moves access times, for all that it reads is old; from the second on nothing moves any more.
  look();
  const before = look();
  const tree = join(folder, "tree");
  const [victim, lure] = [join(tree, "victim"), join(tree, "lure")];
  // Made and unmade under other names, and moved: the attacker must not lead the test itself astray.
  const rebuild = (): void => {
    const [next, last] = [join(folder, "next"), join(folder, "last")];
    mkdirSync(next);
    chownSync(next, ATTACKER, ATTACKER);
    fill(join(next, "victim"), ATTACKER);
    symlinkSync(canary, join(next, "lure"));
    lchownSync(join(next, "lure"), ATTACKER, ATTACKER);
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
    canary,
    rebuild,
    harm: () => differences(before, look()),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
