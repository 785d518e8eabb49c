/** Each line type with each of its modifiers, from the engine's own table, for every inode that may be at its path. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_TYPES } from "#src/tmpfiles/lines/index.js";
import type { Case, Operation } from "./case.js";
import { compare } from "./compare.js";
import { openPair } from "./pair.js";
import type { Entry } from "./tree.js";

const { skip, real, ours } = openPair();

/** An argument that suits each letter, and one that does something else. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  f: ["text %%", "-"],
  F: ["text", "-"],
  w: ["text\\n"],
  L: ["file", "missing", "-"],
  c: ["1:3"],
  b: ["7:251"],
  C: ["@/source", "@/source/file", "-"],
  t: ["user.a=1 user.b=2"],
  T: ["user.a=1"],
  h: ["+dA", "=S"],
  H: ["-d", "=A"],
  a: ["u:1:rwX,d:u:1:rX", "g::r,u::rw,o::-"],
  A: ["u:1:rwX,d:u:1:rX"],
  k: ["cap_setuid=ep"],
  K: ["cap_net_raw+p"],
};
const BASE64 = ["dGV4dA=="];
const CREDENTIAL = ["greeting", "absent"];

const OLD = { atimeAgo: 40 * 86_400, mtimeAgo: 40 * 86_400 };
const NEW = { atimeAgo: 7200, mtimeAgo: 7200 };

/** One inode of each kind, and a directory that contains one of each. */
const THINGS: readonly Entry[] = [
  { path: ["file"], kind: "file", content: "old content", mode: 0o640, ...OLD },
  { path: ["sticky"], kind: "file", mode: 0o1644, ...OLD },
  { path: ["locked"], kind: "file", lock: "shared", ...OLD },
  { path: ["new"], kind: "file", ...NEW, atimeAgo: -40 * 86_400, mtimeAgo: -40 * 86_400 },
  { path: ["twin"], kind: "hard-link", target: "file" },
  { path: ["owned"], kind: "file", uid: 65534, gid: 65534, mode: 0o4755, ...OLD },
  { path: ["empty"], kind: "directory", mode: 0o700, ...OLD },
  { path: ["directory"], kind: "directory", mode: 0o750, uid: 1, gid: 1, ...OLD },
  { path: ["directory", "file"], kind: "file", acl: true, mode: 0o640, ...OLD },
  { path: ["directory", "below"], kind: "directory", mode: 0o711, ...OLD },
  { path: ["directory", "below", "file"], kind: "file", xattr: true, ...OLD },
  { path: ["link"], kind: "symlink", target: "file", ...OLD },
  { path: ["link-to-directory"], kind: "symlink", target: "directory", ...OLD },
  { path: ["dangling"], kind: "symlink", target: "nowhere", ...OLD },
  { path: ["fifo"], kind: "fifo", ...OLD },
  { path: ["socket"], kind: "dead-socket", ...OLD },
  { path: ["live"], kind: "live-socket", ...OLD },
  { path: ["null"], kind: "null-device", ...OLD },
  { path: ["block"], kind: "block-device", ...OLD },
];

const entries: readonly Entry[] = [
  ...THINGS,
  ...THINGS.map((thing) => ({
    ...thing,
    path: ["full", ...thing.path],
    ...(thing.kind === "hard-link" ? { target: `full/${thing.target}` } : {}),
  })),
];

// Without the entries of the directory, and without missing ones.
const PATHS = [
  ...THINGS.filter((thing) => thing.path.length === 1).map((thing) => thing.path[0] ?? ""),
  "full",
  "missing",
  "missing-too/below",
  "file/below",
  "link-to-directory/below",
  "dangling/below",
];
const PATTERNS = ["full/*", "*", "{file,fifo}", "?i*", "[!f]*"];

function linesOf(letter: string, modifier: string, age: string, argument: string): string[] {
  const row = LINE_TYPES[letter];
  const paths = row?.path === "glob" ? PATHS.concat(PATTERNS) : PATHS;
  return paths.map((path) =>
    `${letter}${modifier} @/tree/${path} 0754 1 1 ${age} ${argument}`.replace(/( -)+$/, ""),
  );
}

function caseOf(lines: readonly string[], operations: readonly Operation[], disk: Case["disk"]): Case {
  return {
    entries,
    files: [{ name: "x.conf", place: "argument", lines: lines.map((raw) => ({ raw })) }],
    operations,
    options: ["--boot"],
    rooted: false,
    delivery: "files",
    clockDays: 20,
    disk,
    extra: [],
    unprivileged: false,
  };
}

function* casesOf(letter: string): Generator<readonly [label: string, one: Case]> {
  const row = LINE_TYPES[letter];
  const ages = row?.ages ? ["10d", "-"] : ["-"];
  const operations: readonly (readonly Operation[])[] = [["--create"], ["--clean", "--remove"], ["--purge"]];
  for (const modifier of ["", ...(row?.modifiers ?? "")])
    for (const argument of modifier === "~"
      ? BASE64
      : modifier === "^"
        ? CREDENTIAL
        : (ARGUMENTS[letter] ?? ["-"]))
      for (const [index, disk] of (["/var/tmp", "/dev/shm"] as const).entries())
        for (const given of operations) {
          const age = ages[given[0] === "--clean" ? 0 : ages.length - 1] ?? "-";
          if (index === 1 && (modifier !== "" || given[0] === "--purge")) continue;
          yield [
            `${letter}${modifier} ${age} ${argument} ${given.join(" ")} on ${disk}`,
            caseOf(linesOf(letter, modifier, age, argument), given, disk),
          ];
        }
}

for (const letter of Object.keys(LINE_TYPES))
  test(`${letter} and each of its modifiers alone agree with systemd-tmpfiles 262`, { skip }, async () => {
    const parted: unknown[] = [];
    for (const [label, one] of casesOf(letter)) {
      const { differences, expected, actual } = await compare(one, real, ours);
      if (differences.length > 0)
        parted.push({ label, differences, expected: expected.output, actual: actual.output });
    }
    assert.deepEqual(parted, []);
  });
