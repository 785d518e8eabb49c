/** Every line type that creates or adjusts something, with its modifiers, alone, for every inode that may be at its path. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NOBODY } from "../ordinary-user.js";
import type { Case } from "./case.js";
import { compare } from "./compare.js";
import { openPair } from "./pair.js";
import type { Entry } from "./tree.js";

const { skip, real, ours } = openPair();

const OLD = 400 * 86_400;

/** What is there before, below `@/tree/NAME`; the line's path is `x`, or `below` where that is given. */
interface ResolveContext {
  readonly name: string;
  readonly entries: readonly Omit<Entry, "atimeAgo" | "mtimeAgo">[];
  readonly below?: string;
}

const GROUNDS: readonly ResolveContext[] = [
  { name: "missing", entries: [] },
  { name: "missing-parents", entries: [], below: "p/q/x" },
  { name: "file", entries: [{ path: ["x"], kind: "file", content: "old\n", mode: 0o600 }] },
  { name: "empty", entries: [{ path: ["x"], kind: "file", mode: 0o4755, uid: NOBODY, gid: 1 }] },
  { name: "directory", entries: [{ path: ["x"], kind: "directory", mode: 0o2700, gid: 1 }] },
  {
    name: "full",
    entries: [
      { path: ["x", "deep", "down"], kind: "file", content: "here\n", mode: 0o640 },
      { path: ["x", "link"], kind: "symlink", target: "deep" },
      { path: ["x", "fifo"], kind: "fifo", mode: 0o600 },
      { path: ["x"], kind: "directory", mode: 0o1777 },
    ],
  },
  {
    name: "link-to-directory",
    entries: [
      { path: ["real", "f"], kind: "file" },
      { path: ["x"], kind: "symlink", target: "real" },
    ],
  },
  {
    name: "link-to-file",
    entries: [
      { path: ["real"], kind: "file", content: "behind\n" },
      { path: ["x"], kind: "symlink", target: "real", uid: 1 },
    ],
  },
  { name: "dangling", entries: [{ path: ["x"], kind: "symlink", target: "nowhere" }] },
  { name: "fifo", entries: [{ path: ["x"], kind: "fifo", mode: 0o640 }] },
  { name: "device", entries: [{ path: ["x"], kind: "null-device", mode: 0o600 }] },
  { name: "block", entries: [{ path: ["x"], kind: "block-device", mode: 0o600 }] },
  { name: "socket", entries: [{ path: ["x"], kind: "dead-socket", mode: 0o700 }] },
  {
    name: "hard-link",
    entries: [
      { path: ["other"], kind: "file", content: "two names\n", mode: 0o644 },
      { path: ["x"], kind: "hard-link", target: "hard-link/other" },
    ],
  },
  { name: "immutable", entries: [{ path: ["x"], kind: "file", content: "fixed\n", immutable: true }] },
  { name: "acl", entries: [{ path: ["x"], kind: "file", mode: 0o750, acl: true, xattr: true }] },
  { name: "acl-directory", entries: [{ path: ["x"], kind: "directory", mode: 0o750, acl: true }] },
  { name: "file-above", entries: [{ path: ["a"], kind: "file" }], below: "a/x" },
  { name: "dangling-above", entries: [{ path: ["a"], kind: "symlink", target: "no" }], below: "a/x" },
  {
    name: "link-above",
    entries: [
      { path: ["real"], kind: "directory", mode: 0o2755, gid: 1 },
      { path: ["a"], kind: "symlink", target: "real" },
    ],
    below: "a/b/x",
  },
  { name: "user-above", entries: [{ path: ["a"], kind: "directory", uid: NOBODY }], below: "a/b/x" },
  {
    name: "unsafe-link",
    entries: [
      { path: ["real", "x"], kind: "file", content: "not yours\n" },
      { path: ["a", "l"], kind: "symlink", target: "../real", uid: NOBODY },
      { path: ["a"], kind: "directory", uid: NOBODY },
    ],
    below: "a/l/x",
  },
];

/** Lines by family; `PATH` is replaced by the path. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  "f and w": [
    "f PATH",
    "f PATH 0604 1 2 - content",
    "f PATH :0604 :1 :2",
    "f PATH ~4777 - - - x",
    "f+ PATH 0640 - - - new",
    "f+ PATH",
    "F PATH - nobody - - y",
    "f= PATH - - - - z",
    "f+= PATH 0600",
    "f~ PATH - - - - aGkK",
    "f- PATH",
    "w PATH 0640 1 - - ab",
    "w+ PATH - - - - ab",
  ],
  "d, D, e, v, q and Q": [
    "d PATH",
    "d PATH 1777 1 2",
    "d PATH :0700 :1 :2",
    "d PATH ~2777",
    "D PATH 0711",
    "d= PATH 0700",
    "d- PATH",
    "e PATH 0700 1 2",
    "e PATH",
    "v PATH 0750",
    "q PATH",
    "Q= PATH 0701 1",
  ],
  "p, L, c and b": [
    "p PATH 0604 1 2",
    "p+ PATH",
    "p= PATH",
    "p+= PATH 0600",
    "L PATH - 1 2 - real",
    "L PATH",
    "L+ PATH - - - - real",
    "L= PATH - - - - real",
    "L+= PATH - 1 - - nowhere",
    "L? PATH - - - - real",
    "L?+ PATH - - - - nowhere",
    "L?= PATH - - - - @/source/file",
    "c PATH 0604 1 2 - 1:5",
    "c+ PATH - - - - 1:3",
    "c= PATH - - - - 1:3",
    "b PATH - - - - 7:250",
    "b+= PATH 0600 - - - 7:0x10",
  ],
  C: [
    "C PATH - - - - @/source",
    "C PATH 0701 1 2 - @/source",
    "C+ PATH - - - - @/source",
    "C= PATH - - - - @/source/file",
    "C PATH - - - - @/source/link",
    "C+= PATH :0700 :1 - - @/source/deep",
  ],
  "z, Z and m": [
    "z PATH 0640 1 2",
    "z PATH ~7777",
    "z PATH :0600 :1 2",
    "z PATH",
    "Z PATH 0750 1 -",
    "Z PATH ~6771 - 1",
    "m PATH 4711 1",
  ],
  "t, h and k": [
    'T PATH - - - - user.a=1 user.b="two words"',
    "t PATH - - - - trusted.c=%%",
    "t PATH - - - - bad user.d= user.e=5",
    "h PATH - - - - +dA",
    "H PATH - - - - =",
    "h PATH - - - - -i",
    "H PATH - - - - +DC",
    "h PATH - - - - +i",
    "k PATH - - - - cap_net_raw=ep",
    "K PATH - - - - 13=p cap_chown+i rootuid=5",
    "k+ PATH - - - - cap_kill=ep",
    "k PATH - - - - cap_chown=ep cap_kill=i",
    "k PATH - - - - nonsense",
    "K PATH - - - - nonsense",
  ],
  a: [
    "a PATH - - - - u:1:rw",
    "a PATH - - - - u::rwx,g::r,o::-,g:1:rX",
    "a+ PATH - - - - u:1:rw,m::r",
    "a PATH - - - - d:u:1:rwX,u:1:X",
    "A PATH - - - - u:1:rX,d:g:2:rw",
    "A+ PATH - - - - g:1:rwX,default:u:65534:r",
    "a+ PATH - - - - u:65534:rwx",
    "a PATH - - - - u:1",
  ],
};

function caseOf(line: string, context: ResolveContext, disk: Case["disk"]): Case {
  const below = (path: readonly string[]): string[] => [context.name, ...path];
  const entries = context.entries.map((entry) => ({ ...entry, path: below(entry.path) }));
  const path = `@/tree/${context.name}/${context.below ?? "x"}`;
  return {
    entries: [...entries, { path: [context.name], kind: "directory", atimeAgo: OLD, mtimeAgo: OLD }],
    files: [{ name: "x.conf", place: "argument", lines: [{ raw: line.replaceAll("PATH", path) }] }],
    operations: ["--create"],
    options: ["--boot"],
    rooted: false,
    delivery: "files",
    clockDays: 0,
    disk,
    extra: [],
    unprivileged: false,
  };
}

/** One case of all grounds at once: for the second file system, where the trees count and not each exit status. */
function together(line: string, disk: Case["disk"]): Case {
  const cases = GROUNDS.map((context) => caseOf(line, context, disk));
  const [first] = cases;
  assert.ok(first !== undefined);
  const lines = cases.flatMap((one) => one.files.flatMap((file) => file.lines));
  return {
    ...first,
    entries: cases.flatMap((one) => one.entries),
    files: [{ name: "x.conf", place: "argument", lines }],
  };
}

async function differences(line: string, one: Case, where: string): Promise<string[]> {
  const { differences: found, expected, actual } = await compare(one, real, ours);
  if (found.length === 0) return [];
  const indent = (text: string): string => text.trimEnd().replaceAll(/^/gm, "      ");
  return [
    `${line} (${where}): ${found.join("; ")}\n${indent(expected.output)}\n    ours:\n${indent(actual.output)}`,
  ];
}

for (const [family, lines] of Object.entries(LINES)) {
  test(`${family}: each alone, on tmpfs`, { skip }, async () => {
    const found: string[] = [];
    for (const line of lines) {
      for (const context of GROUNDS) {
        found.push(...(await differences(line, caseOf(line, context, "/dev/shm"), context.name)));
      }
    }
    assert.deepEqual(found.join("\n"), "");
  });

  test(`${family}: all at once, on the disk below /var/tmp`, { skip }, async () => {
    const found: string[] = [];
    for (const line of lines) found.push(...(await differences(line, together(line, "/var/tmp"), "all")));
    assert.deepEqual(found.join("\n"), "");
  });
}
