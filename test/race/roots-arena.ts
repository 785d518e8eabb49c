/** The tree of an ordinary user with inodes of root's in it, which that user can rename, but must not get. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { bytes } from "#src/base/bytes.js";
import { Fd } from "#src/sys/files.js";
import { listXattrs } from "#src/sys/xattr.js";
import { mknod, setTimes } from "../oracle/libc.js";
import { makeScratch, removeScratch } from "../scratch.js";
import type { Arena } from "./arena.js";

export const ATTACKER = 65534;
const SECRET = "root's secret";
const LONG_AGO = 1_000_000_000_123_456_789n;
const O_PATH = 0o10000000;

export type Kind = "file" | "directory" | "fifo";

export interface RootsArena extends Pick<Arena, "folder" | "tree" | "swapped" | "rebuild" | "harm"> {
  close(): void;
}

/** What the attacker swaps: inodes of root's, each with one of the attacker's of the same kind, or with a free name. */
export type Pairs = Readonly<
  Record<string, { readonly kind: Kind; readonly free?: boolean /** Root's. */; readonly from?: string }>
>;

function make(path: string, kind: Kind, content: string): void {
  if (kind === "fifo") mknod(Buffer.from(path), constants.S_IFIFO | 0o600);
  else if (kind === "file") writeFileSync(path, content, { mode: 0o600 });
  else {
    mkdirSync(join(path, "sub"), { recursive: true, mode: 0o700 });
    for (const name of ["file", "sub/file"]) writeFileSync(join(path, name), content, { mode: 0o644 });
  }
}

/** Where root's inode is that the attacker swaps with `name`: beside it, unless the directory is yet to be created. */
const rootsName = (name: string, from = dirname(name)): string => join(from, `root-${basename(name)}`);

function makeParent(tree: string, name: string): void {
  if (dirname(name) === ".") return;
  mkdirSync(join(tree, dirname(name)), { recursive: true });
  chownSync(join(tree, dirname(name)), ATTACKER, ATTACKER);
}

function give(path: string): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) give(join(path, name));
  lchownSync(path, ATTACKER, ATTACKER);
  setTimes(Buffer.from(path), LONG_AGO, LONG_AGO);
}

/** What an inode of root's is, through an fd, since it may have any name by now. */
function described(fd: number, withEntries: boolean): string {
  const { mode, uid, gid } = fstatSync(fd);
  const path = `/proc/self/fd/${fd}`;
  const type = mode & constants.S_IFMT;
  const entries = withEntries && type === constants.S_IFDIR ? entriesOf(path) : [];
  const content = type === constants.S_IFREG ? readFileSync(path, "utf8") : "";
  const attributes = type === constants.S_IFIFO ? [] : listXattrs(new Fd(fd, bytes(path)));
  return JSON.stringify({ mode: mode.toString(8), uid, gid, entries, content, attributes });
}

function entriesOf(directory: string): string[] {
  const names = readdirSync(`${directory}/`, { recursive: true, encoding: "utf8" });
  return names.map((name) => `${name}: ${lstatSync(join(directory, name)).uid}`).sort();
}

/** Files with root's content that are not root's own. */
function leaks(directory: string, own: ReadonlySet<number>): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const { ino, mode } = lstatSync(path);
    if (own.has(ino)) return [];
    if (entry.isDirectory()) return leaks(path, own);
    return entry.isFile() && readFileSync(path, "utf8").includes(SECRET)
      ? [`${path}: copied, mode ${mode.toString(8)}`]
      : [];
  });
}

/** One rename that had begun before the tree was moved away may still change it. */
function onceSettled<Result>(act: () => Result): Result {
  try {
    return act();
  } catch {
    return act();
  }
}

interface Held {
  readonly name: string;
  readonly fd: number;
  readonly ino: number;
  readonly before: string;
}

/** `mayVanish`: root's inodes may be removed, but neither changed nor copied. */
export function openRootsArena(pairs: Pairs, mayVanish: boolean): RootsArena {
  const folder = makeScratch("/var/tmp");
  chmodSync(folder, 0o755);
  const tree = join(folder, "tree");
  let held: Held[] = [];
  const hold = (path: string, name: string): Held => {
    const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
    return { name, fd, ino: fstatSync(fd).ino, before: described(fd, !mayVanish) };
  };
  const rebuild = (): void => {
    for (const { fd } of held) closeSync(fd);
    const next = join(folder, "next");
    mkdirSync(next);
    for (const [name, { kind, free = false, from }] of Object.entries(pairs)) {
      if (from === undefined) makeParent(next, name);
      make(join(next, rootsName(name, from)), kind, SECRET);
      if (free) continue;
      make(join(next, name), kind, "the attacker's");
      give(join(next, name));
    }
    held = Object.entries(pairs).map(([name, { from }]) => hold(join(next, rootsName(name, from)), name));
    chownSync(next, ATTACKER, ATTACKER);
    rmSync(join(folder, "copies"), { recursive: true, force: true });
    renameSync(next, tree);
  };
  /** The tree is moved away first: the attacker must not lead the test itself astray. */
  const harm = (): string[] => {
    const last = join(folder, "last");
    renameSync(tree, last);
    const own = new Set(held.map(({ ino }) => ino));
    const changed = held.flatMap(({ name, fd, before }) => {
      if (fstatSync(fd).nlink === 0) return mayVanish ? [] : [`${rootsName(name)}: removed`];
      const now = described(fd, !mayVanish);
      return now === before ? [] : [`${rootsName(name)}: ${before} -> ${now}`];
    });
    const copied = [last, join(folder, "copies")]
      .filter(existsSync)
      .flatMap((at) => onceSettled(() => leaks(at, own)));
    onceSettled(() => rmSync(last, { recursive: true, force: true }));
    return [...changed, ...copied];
  };
  rebuild();
  return {
    folder,
    tree,
    swapped: Object.entries(pairs).flatMap(([name, { from }]) => [
      join(tree, name),
      join(tree, rootsName(name, from)),
    ]),
    rebuild,
    harm,
    close: () => {
      for (const { fd } of held) closeSync(fd);
      removeScratch(folder);
    },
  };
}
