/** Cases that once differed from 262, each as small as possible, so that none has to be found by chance again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cannotBeNobody } from "../ordinary-user.js";
import { reference } from "../reference.js";
import type { Case } from "./case.js";
import { compare } from "./compare.js";
import { openPair } from "./pair.js";
import type { Entry } from "./tree.js";

const { skip, real, ours } = openPair();
const { isUnrepaired = false } = reference();

type Found = Partial<Case> & {
  /** `@` is the copy. */
  readonly lines: readonly string[];
  /** The exit status of 262: with another one, the case does not show what it is for. */
  readonly status: number;
  /** If 262 without the repairs of 262.1 ends with another. */
  readonly unrepairedStatus?: number;
  /** Only root can create what the case needs. */
  readonly asRoot?: boolean;
};

const caseOf = ({
  lines,
  status: _status,
  unrepairedStatus: _unrepaired,
  asRoot: _asRoot,
  ...rest
}: Found): Case => ({
  entries: [],
  files: [{ name: "10-x.conf", place: "argument", lines: lines.map((raw) => ({ raw })) }],
  operations: ["--clean"],
  options: [],
  rooted: false,
  delivery: "files",
  clockDays: 20,
  disk: "/var/tmp",
  extra: [],
  unprivileged: false,
  ...rest,
});

const at = (path: string, kind: Entry["kind"], more: Partial<Entry> = {}): Entry => ({
  path: path.split("/"),
  kind,
  ...more,
});

const AS_NOBODY = { unprivileged: true } as const;
const OF_ROOT = { uid: 0, gid: 0 } as const;
const OF_NOBODY = { uid: 65534, gid: 65534 } as const;
const CLOSED = [at("a", "directory", { ...OF_ROOT, mode: 0o700 })];
/** Its names can be read, and nothing else of them. */
const UNSEARCHABLE = [at("a", "directory", { ...OF_ROOT, mode: 0o744 }), at("a/b", "file", OF_ROOT)];

const FOUND: Readonly<Record<string, Found>> = {
  "a directory without an age that can't be opened": {
    ...AS_NOBODY,
    entries: CLOSED,
    lines: ["d @/tree/a"],
    status: 73,
  },
  "a glob without an age whose match can't be opened": {
    ...AS_NOBODY,
    entries: CLOSED,
    lines: ["x @/tree/*"],
    status: 73,
  },
  "an age that reaches back behind 1970, and a directory that can't be opened": {
    ...AS_NOBODY,
    entries: CLOSED,
    lines: ["d @/tree/a - - - infinity"],
    status: 73,
  },
  "the same on an R line": {
    ...AS_NOBODY,
    entries: CLOSED,
    lines: ["R @/tree/a - - - infinity"],
    status: 73,
  },
  "the same on an r line, which opens nothing that is not old": {
    ...AS_NOBODY,
    entries: CLOSED,
    lines: ["r @/tree/a - - - infinity"],
    status: 0,
  },
  "a dry run of a path that a run refuses": {
    operations: ["--create"],
    options: ["--dry-run"],
    entries: [at("a", "directory")],
    lines: ["d @/tree/a/../b", "p @/tree/a/../c", "C @/tree/a/../d - - - - @/source"],
    status: 0,
  },
  "a dry run that looks, of such a path": {
    operations: ["--create"],
    options: ["--dry-run"],
    entries: [at("a", "directory")],
    lines: ["f+ @/tree/a/../b"],
    status: 73,
  },
  "a dry run of an f+ line below a file": {
    operations: ["--create"],
    options: ["--dry-run"],
    entries: [at("a", "file")],
    lines: ["f+ @/tree/a/b"],
    status: 0,
  },
  "L?= below a FIFO of somebody else's": {
    ...AS_NOBODY,
    operations: ["--create"],
    entries: [at("a", "fifo", OF_ROOT)],
    lines: ["L?= @/tree/a/b - - - - @/tree/c"],
    status: 73,
  },
  "a purge of what can't be looked at, and stays": {
    ...AS_NOBODY,
    operations: ["--purge"],
    entries: UNSEARCHABLE,
    lines: ["L$ @/tree/a"],
    status: 0,
    unrepairedStatus: 73,
  },
  "an R line on what can't be looked at": {
    ...AS_NOBODY,
    operations: ["--remove"],
    entries: UNSEARCHABLE,
    lines: ["R @/tree/a"],
    status: 0,
    unrepairedStatus: 73,
  },
  "an R line with an age, which wants to know whether that is empty": {
    ...AS_NOBODY,
    entries: UNSEARCHABLE,
    lines: ["R @/tree/a - - - 1d"],
    status: 73,
  },
  "an r and an R line with an age, of directories that can't be removed": {
    asRoot: true,
    entries: [at("a", "directory", { immutable: true }), at("b", "directory", { immutable: true })],
    lines: ["r @/tree/a - - - 1d", "R @/tree/b - - - 1d"],
    status: 73,
  },
  "the same of files": {
    asRoot: true,
    entries: [at("a", "file", { immutable: true }), at("b", "file", { immutable: true })],
    lines: ["r @/tree/a - - - 1d", "R @/tree/b - - - 1d"],
    status: 0,
  },
  "a w line below a root, on a file that its directory's owner does not own": {
    asRoot: true,
    operations: ["--create"],
    rooted: true,
    entries: [at("a", "directory", { uid: 1 }), at("a/b", "file", OF_ROOT)],
    lines: ["w @/tree/a/* - - - - text"],
    status: 0,
  },
  "an r line with an age, of a mount": {
    asRoot: true,
    entries: [at("a", "mount")],
    lines: ["r @/tree/a - - - 1d"],
    status: 0,
  },
  "p+ in the place of a directory of somebody else's": {
    ...AS_NOBODY,
    operations: ["--create"],
    entries: [at("a", "directory", { ...OF_ROOT, mode: 0o777 }), at("a/b", "file", OF_NOBODY)],
    lines: ["p+ @/tree/a"],
    status: 73,
  },
  "p+ in the place of a directory with an empty one of somebody else's": {
    ...AS_NOBODY,
    operations: ["--create"],
    entries: [at("a", "directory", OF_NOBODY), at("a/b", "directory", OF_ROOT)],
    lines: ["p+ @/tree/a"],
    status: 73,
  },
  "a dry run of an r line on somebody else's directory, which leaves its access time": {
    ...AS_NOBODY,
    operations: ["--remove"],
    options: ["--dry-run"],
    entries: [at("a/b", "directory", { ...OF_ROOT, mode: 0o755, atimeAgo: 864_000 }), at("a/b/c", "file")],
    lines: ["r @/tree/a/b"],
    status: 0,
  },
  "= in the place of an immutable directory, whose directories are emptied all the same": {
    asRoot: true,
    operations: ["--create"],
    entries: [
      at("a", "directory", { immutable: true }),
      at("a/b/c", "file"),
      at("a/d", "directory"),
      at("a/e", "file"),
    ],
    lines: ["L= @/tree/a - - - - x"],
    status: 73,
  },
  "a dry purge below a file": {
    operations: ["--purge"],
    options: ["--dry-run"],
    entries: [at("a", "file")],
    lines: ["d$ @/tree/a/b"],
    status: 0,
  },
  "a symlink that another line's glob went through, and an age of 0": {
    clockDays: 0,
    entries: [at("a", "directory"), at("b", "symlink", { target: "@/tree/a" })],
    lines: ["d @/tree - - - 0", "x @/tree/?*/c/b - - - 10d"],
    status: 0,
  },
  "a purge below a file, farther down": {
    operations: ["--purge"],
    entries: [at("a", "file")],
    lines: ["f$ @/tree/a/b/c/d"],
    status: 73,
  },
  "a copy of symlinks over what is there, wherever they lead": {
    operations: ["--create"],
    entries: [
      at("loop", "symlink", { target: "loop" }),
      at("toFile", "symlink", { target: "file" }),
      at("file", "file", { mode: 0o640 }),
      at("filled", "file", { mode: 0o640 }),
    ],
    lines: ["C @/tree/filled 0755 - - - @/tree/toFile", "C @/tree/a 0755 - - - @/tree/loop"],
    status: 0,
  },
  "paths that begin above the root": {
    operations: ["--create"],
    lines: ["d /..@/tree/a", "f //../..@/tree/b - - - - text"],
    status: 0,
  },
  "base64 by the alphabet for URLs": {
    operations: ["--create"],
    lines: ["f~ @/tree/a - - - - YW-_"],
    status: 0,
  },
  "a copy of a directory that may be listed, but not searched": {
    ...AS_NOBODY,
    operations: ["--create"],
    entries: [at("a", "directory", { ...OF_ROOT, mode: 0o644 })],
    lines: ["C @/tree/b - - - - @/tree/a"],
    status: 73,
  },
  "a purge of what is not empty, in a directory of somebody else's": {
    ...AS_NOBODY,
    operations: ["--purge"],
    entries: [
      at("a", "directory", { ...OF_ROOT, mode: 0o755 }),
      at("a/b", "directory", OF_NOBODY),
      at("a/b/c", "file", OF_NOBODY),
    ],
    lines: ["d$ @/tree/a/b", "x @/tree/a/b/c"],
    status: 73,
  },
};

for (const [name, found] of Object.entries(FOUND)) {
  const needsRoot = found.asRoot === true && process.getuid?.() !== 0 && "only root can lay such a tree";
  test(`agrees with 262: ${name}`, {
    skip: skip || needsRoot || (found.unprivileged === true && cannotBeNobody),
  }, async () => {
    const { differences, setAside, expected } = await compare(caseOf(found), real, ours);
    assert.deepEqual(differences, []);
    assert.equal(setAside, false);
    const status = isUnrepaired ? (found.unrepairedStatus ?? found.status) : found.status;
    assert.equal(expected.status, status, expected.output);
  });
}
