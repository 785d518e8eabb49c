/** Cases written by hand, in which lines interact in ways that random cases rarely produce. `@` is the tree; each case runs --clean unless it says otherwise. */
import type { Case, Operation } from "./case.js";
import type { Entry } from "./tree.js";

const DAY = 86_400;
const OLD = { atimeAgo: 40 * DAY, mtimeAgo: 40 * DAY };

const directory = (path: string, more: Partial<Entry> = {}): Entry => ({
  path: path.split("/"),
  kind: "directory",
  ...OLD,
  ...more,
});
const file = (path: string, more: Partial<Entry> = {}): Entry => ({
  path: path.split("/"),
  kind: "file",
  content: path,
  ...OLD,
  ...more,
});

/** Three levels, all old: what goes and what stays is the lines' doing alone. */
const DEEP: readonly Entry[] = ["a", "a/b", "a/b/c", "a/d", "e", "e/b", "e/b/c", ".h", ".h/b"].flatMap(
  (path) => [directory(path), file(`${path}/file`), file(`${path}/.dot`)],
);

export interface Probe {
  readonly lines: readonly string[];
  readonly entries?: readonly Entry[];
  readonly operations?: readonly Operation[];
  readonly options?: readonly string[];
  readonly more?: Partial<Case>;
}

export const PROBES: Readonly<Record<string, Probe>> = {
  "nested directories with ages of their own": {
    lines: ["d @ - - - 0", "d @/a - - - 100d", "d @/a/b - - - 0"],
  },
  "a directory below without an age shields itself and its contents": {
    lines: ["d @ - - - 0", "d @/a", "d @/a/b - - - 0"],
  },
  "X inherits the age of the directory above": { lines: ["d @ - - - 10d", "X @/a"] },
  "X with an age of its own": { lines: ["d @ - - - 10d", "X @/a - - - 100d", "X @/e - - - 0"] },
  "X inherits age-by": { lines: ["d @ - - - cC:10d", "X @/a"], more: { clockDays: 5 } },
  "X inherits through a directory that has no age": { lines: ["d @ - - - 10d", "d @/a", "X @/a/b"] },
  "X before the directory in the file": { lines: ["X @/a", "d @ - - - 10d"] },
  "X as a glob inherits nothing": { lines: ["d @ - - - 10d", "X @/[ae]"] },
  "X and x on one path": { lines: ["d @ - - - 10d", "x @/a", "X @/a"] },
  "x with an age cleans inside": { lines: ["d @ - - - 0", "x @/a - - - 0", "x @/e - - - 100d"] },
  "x on what lies deeper": { lines: ["d @ - - - 0", "x @/a/b"] },
  "x by glob across directories": { lines: ["d @ - - - 0", "x @/*/b"] },
  "x of dot files needs its dot": { lines: ["d @ - - - 0", "x @/*/*", "x @/.h/.*"] },
  "x of contents leaves the directory": { lines: ["d @ - - - 0", "x @/a/*"] },
  "x with braces matches nothing": { lines: ["d @ - - - 0", "x @/{a,e}"] },
  "e by a glob below a directory": { lines: ["d @ - - - 100d", "e @/* - - - 0"] },
  "e by a glob on two levels": { lines: ["e @/* - - - 100d", "e @/*/* - - - 0"] },
  "e twice by globs that overlap": { lines: ["e @/a* - - - 0", "e @/* - - - 100d"] },
  "e on a symlink to a directory": {
    lines: ["e @/l - - - 0"],
    entries: [...DEEP, { path: ["l"], kind: "symlink", target: "a", ...OLD }],
  },
  "e and x on one glob": { lines: ["e @/* - - - 0", "x @/*/file"] },
  "keep-first-level with deeper lines": { lines: ["d @ - - - ~0", "d @/a - - - ~0"] },
  "keep-first-level on R": { lines: ["R @/a - - - ~0", "R @/e - - - 0"] },
  "C with an age": { lines: ["C @/a - - - 0 @/../source", "C @/e - - - 100d"] },
  "C with an age creates and cleans": {
    lines: ["C @/new - - - 0 @SOURCE"],
    operations: ["--clean", "--create"],
  },
  "R with an age on a file": { lines: ["R @/a/file - - - 0", "R @/e/file - - - 100d"] },
  "r with an age on a directory": { lines: ["r @/a/d - - - 0", "r @/a/b/c/* - - - 0", "r @/e - - - 0"] },
  "r with an age by glob": { lines: ["r @/*/file - - - 10d", "r @/*/.dot - - - 100d"] },
  "r with ~ is refused": { lines: ["r @/a/file - - - ~0"] },
  "r and R of one path": { lines: ["r @/a", "R @/a"], operations: ["--remove"] },
  "R by glob": { lines: ["R @/*"], operations: ["--remove"] },
  "R of dot files needs its dot": { lines: ["R @/.*"], operations: ["--remove"] },
  "R with braces": { lines: ["R @/{a,e}/b", "r @/{a,e}/file"], operations: ["--remove"] },
  "R on a file": { lines: ["R @/a/file", "R @/missing", "R @/a/file/below"], operations: ["--remove"] },
  "R through a symlink": {
    lines: ["R @/l/b", "R @/l"],
    entries: [...DEEP, { path: ["l"], kind: "symlink", target: "a", ...OLD }],
    operations: ["--remove"],
  },
  "r of directories full and empty": {
    lines: ["r @/empty", "r @/a"],
    entries: [...DEEP, directory("empty")],
    operations: ["--remove"],
  },
  "D with lines below it": { lines: ["D @", "x @/a", "d @/e", "f @/a/file"], operations: ["--remove"] },
  "D on a symlink": {
    lines: ["D @/l"],
    entries: [...DEEP, { path: ["l"], kind: "symlink", target: "a", ...OLD }],
    operations: ["--remove"],
  },
  "D on a mount": {
    lines: ["D @"],
    entries: [directory("m", { kind: "mount" }), ...DEEP],
    operations: ["--remove"],
  },
  "R on a mount": {
    lines: ["R @/m"],
    entries: [directory("m", { kind: "mount" })],
    operations: ["--remove"],
  },
  "d on a mount": { lines: ["d @ - - - 0"], entries: [directory("m", { kind: "mount" }), ...DEEP] },
  "D on what is locked": {
    lines: ["D @"],
    entries: [directory("a", { lock: "shared" }), file("a/file"), file("b", { lock: "exclusive" })],
    operations: ["--remove"],
  },
  "R and r on what is locked": {
    lines: ["R @/a", "r @/b", "R @/c", "r @/d"],
    entries: [
      directory("a", { lock: "shared" }),
      file("a/file"),
      file("b", { lock: "exclusive" }),
      file("c", { lock: "shared" }),
      directory("d", { lock: "shared" }),
    ],
    operations: ["--remove"],
  },
  "aged R and r on what is locked": {
    lines: ["R @/a - - - 0", "r @/b - - - 0", "R @/c - - - 0", "r @/d - - - 0", "R @/deep - - - 0"],
    entries: [
      directory("a", { lock: "shared" }),
      file("a/file"),
      file("b", { lock: "exclusive" }),
      file("c", { lock: "shared" }),
      directory("d", { lock: "shared" }),
      directory("deep"),
      directory("deep/in", { lock: "shared" }),
      file("deep/in/file"),
    ],
  },
  "a lock on the base is passed over": {
    lines: ["d @/a - - - 0"],
    entries: [directory("a", { lock: "exclusive" }), file("a/file")],
  },
  "locks in depth": {
    lines: ["d @ - - - 0"],
    entries: [
      directory("a"),
      directory("a/b", { lock: "shared" }),
      file("a/b/c"),
      file("a/d"),
      file("e", { lock: "exclusive" }),
      { path: ["f"], kind: "hard-link", target: "e" },
    ],
  },
  "w on everything": {
    lines: [
      "w @/fifo - - - - x",
      "w @/file - - - - x",
      "w @/dir - - - - x",
      "w @/link - - - - x",
      "w @/dangling - - - - x",
      "w @/none - - - - x",
      "w+ @/two - - - - x",
      "w @/null - - - - x",
      "w @/socket - - - - x",
    ],
    entries: [
      { path: ["fifo"], kind: "fifo" },
      file("file", { content: "longer than that" }),
      file("two"),
      directory("dir"),
      { path: ["link"], kind: "symlink", target: "two" },
      { path: ["dangling"], kind: "symlink", target: "gone" },
      { path: ["null"], kind: "null-device" },
      { path: ["socket"], kind: "dead-socket" },
    ],
    operations: ["--create"],
  },
  "w many times to one file": {
    lines: [
      "w @/a/file - - - - one",
      "w @/a/file - - - - two",
      "w+ @/a/file - - - - three",
      "w+ @/a/.dot - - - - 1",
      "w+ @/a/.dot - - - - 2",
    ],
    operations: ["--create"],
  },
  "f on a symlink": {
    lines: ["f @/link - - - - x", "f+ @/link2 - - - - x", "F @/dangling - - - - x"],
    entries: [
      file("t"),
      { path: ["link"], kind: "symlink", target: "t" },
      { path: ["link2"], kind: "symlink", target: "t" },
      { path: ["dangling"], kind: "symlink", target: "u" },
    ],
    operations: ["--create"],
  },
  "f on hard links": {
    lines: ["f @/one 0600 1 1", "f+ @/two 0600 - - - x", "z @/one 0600 1 1"],
    entries: [file("one", { uid: 65534 }), { path: ["two"], kind: "hard-link", target: "one" }],
    operations: ["--create"],
  },
  "z and Z on hard links": {
    lines: ["z @/one 0600 1 1", "Z @/d 0700 1 1", "a @/d/x - - - - u:1:r"],
    entries: [file("one", { uid: 65534 }), { path: ["d", "x"], kind: "hard-link", target: "one" }],
    operations: ["--create"],
  },
  "Z through symlinks, with masks": {
    lines: ["Z @ ~0751 1 1"],
    entries: [
      ...DEEP,
      file("x", { mode: 0o755 }),
      file("y", { mode: 0o4444 }),
      file("w", { mode: 0o200 }),
      { path: ["l"], kind: "symlink", target: "a" },
      directory("s", { mode: 0o1777 }),
    ],
    operations: ["--create"],
  },
  "owners of many kinds below one another": {
    lines: ["d @/p 0755 1 1", "d @/p/q 0755 65534 -", "f @/p/q/r 0600 0 0", "d @/p/q/s/t/u"],
    operations: ["--create"],
  },
  "create below what others own": {
    lines: ["d @/a/x", "f @/a/y - - - - y", "L @/a/z - - - - /etc", "p @/a/p"],
    entries: [directory("a", { uid: 65534, gid: 65534 })],
    operations: ["--create"],
  },
  "create through links that others own": {
    lines: [
      "d @/l/x",
      "f @/l/y",
      "w @/l/file - - - - w",
      "z @/l/file 0777 1 1",
      "d @/m/x",
      "w @/m/file - - - - w",
      "L+ @/m/file - - - - x",
    ],
    entries: [
      directory("a"),
      file("a/file"),
      { path: ["l"], kind: "symlink", target: "a", uid: 65534, gid: 65534 },
      { path: ["m"], kind: "symlink", target: "a" },
    ],
    operations: ["--create"],
  },
  "unsafe transitions": {
    lines: [
      "d @/u/r/x",
      "f @/u/r/y",
      "z @/u/r/file 0777",
      "Z @/u 0777 1 1",
      "r @/u/r/file",
      "R @/u/r/d",
      "D @/u/r",
    ],
    entries: [
      directory("u", { uid: 65534 }),
      directory("u/r", { uid: 1 }),
      file("u/r/file"),
      directory("u/r/d", { uid: 65534 }),
    ],
    operations: ["--remove", "--create"],
  },
  "L on what is there": {
    lines: [
      "L @/file - - - - x",
      "L @/dir - - - - x",
      "L @/same - - - - t",
      "L @/other - - - - t",
      "L+ @/forced - - - - t",
      "L+ @/full - - - - t",
      "L? @/if - - - - t",
      "L? @/ifnot - - - - nowhere",
      "L= @/type - - - - t",
    ],
    entries: [
      file("file"),
      directory("dir"),
      file("t"),
      { path: ["same"], kind: "symlink", target: "t" },
      { path: ["other"], kind: "symlink", target: "u" },
      { path: ["forced"], kind: "symlink", target: "u" },
      directory("full"),
      file("full/file"),
      directory("type"),
    ],
    operations: ["--create"],
  },
  "= on parents": {
    lines: [
      "d= @/fifo/x",
      "f= @/file/x - - - - y",
      "d= @/link/x",
      "f= @/dir - - - - z",
      "d= @/plain",
      "p= @/plain2",
      "L= @/dangling/x - - - - y",
    ],
    entries: [
      { path: ["fifo"], kind: "fifo" },
      file("file"),
      directory("to"),
      { path: ["link"], kind: "symlink", target: "to" },
      directory("dir"),
      file("dir/file"),
      file("plain"),
      file("plain2"),
      { path: ["dangling"], kind: "symlink", target: "gone" },
    ],
    operations: ["--create"],
  },
  "+ on what is there": {
    lines: [
      "p+ @/a",
      "c+ @/dir - - - - 1:3",
      "f+ @/link - - - - new",
      "p+ @/fifo 0600",
      "c+ @/null - - - - 1:3",
      "b+ @/null2 - - - - 7:9",
    ],
    entries: [
      file("a"),
      directory("dir"),
      file("dir/in"),
      file("t"),
      { path: ["link"], kind: "symlink", target: "t" },
      { path: ["fifo"], kind: "fifo" },
      { path: ["null"], kind: "null-device" },
      { path: ["null2"], kind: "null-device" },
    ],
    operations: ["--create"],
  },
  "C into what is there": {
    lines: [
      "C @/empty - - - - @SOURCE",
      "C @/full - - - - @SOURCE",
      "C+ @/plus - - - - @SOURCE",
      "C @/file - - - - @SOURCE",
      "C @/one 0600 1 1 - @SOURCE/file",
      "C @/link - - - - @SOURCE/link",
      "C @/x/y/z 0711 1 1 - @SOURCE",
      "C+ @/type - - - - @SOURCE/file",
    ],
    entries: [
      directory("empty"),
      directory("full"),
      file("full/own"),
      directory("plus"),
      file("plus/file"),
      directory("plus/deep"),
      file("plus/deep/own"),
      file("file"),
      directory("type"),
    ],
    operations: ["--create"],
  },
  "purge takes what is marked": {
    lines: ["d$ @/a", "f$ @/e/file", "d @/e", "L$ @/e/b", "e$ @/.h", "w$ @/a/d/file - - - - x", "C$ @/e/b/c"],
    operations: ["--purge"],
  },
  "purge of nested directories": {
    lines: ["d$ @/a", "d @/a/b", "d$ @/a/b/c", "x @/a/d", "D$ @/e"],
    operations: ["--purge"],
  },
  "purge, clean and create in one": {
    lines: ["d$ @/a 0700", "d @/e - - - 0", "f$ @/new - - - - x"],
    operations: ["--purge", "--clean", "--create"],
  },
  "one path on many lines": {
    lines: [
      "d @/a - - - 0",
      "d @/a - - - 100d",
      "f @/a",
      "z @/a 0700",
      "Z @/a 0711",
      "a @/a - - - - u:1:rx",
      "t @/a - - - - user.x=1",
      "e @/a - - - 0",
    ],
    operations: ["--clean", "--create"],
  },
  "a conflict in several files": {
    lines: [],
    operations: ["--create"],
    more: {
      files: [
        { name: "20-y.conf", place: "argument", lines: [{ raw: "d @/tree/a 0700" }] },
        {
          name: "10-x.conf",
          place: "argument",
          lines: [{ raw: "d @/tree/a 0711" }, { raw: "f @/tree/a/file 0600" }],
        },
      ],
    },
  },
  "boot lines count only at boot": {
    lines: ["r! @/a/file", "d @/e - - - 0", "e! @/a - - - 0", "x! @/e/b"],
    operations: ["--clean", "--remove"],
  },
  "boot lines at boot": {
    lines: ["r! @/a/file", "d @/e - - - 0", "e! @/a - - - 0", "x! @/e/b"],
    operations: ["--clean", "--remove"],
    options: ["--boot"],
  },
  "a boot line that is left out does not conflict": {
    lines: ["d! @/new 0700", "d @/new 0711"],
    operations: ["--create"],
  },
  "sticky files, devices, sockets, live and dead": {
    lines: ["d @ - - - 0"],
    entries: [
      file("s", { mode: 0o1644 }),
      { path: ["n"], kind: "null-device", ...OLD },
      { path: ["l"], kind: "live-socket", ...OLD },
      { path: ["d"], kind: "dead-socket", ...OLD },
      { path: ["p"], kind: "fifo", ...OLD },
      directory("sticky", { mode: 0o1777 }),
      file("sticky/x"),
    ],
  },
  "lost+found and quota files only at a mount's top": {
    lines: ["d @ - - - 0"],
    entries: [
      directory("lost+found"),
      file("lost+found/x"),
      file(".journal"),
      file("aquota.user"),
      file("aquota.group", { uid: 65534 }),
    ],
  },
  "times in the future": {
    lines: ["d @ - - - 0", "d @/a - - - 1d"],
    entries: [
      file("x", { atimeAgo: -DAY * 90, mtimeAgo: -DAY * 90 }),
      directory("a"),
      file("a/y", { atimeAgo: -DAY * 90, mtimeAgo: -DAY * 90 }),
      file("a/z"),
    ],
  },
  "prefixes compare by components": {
    lines: ["d @/a 0700", "d @/ab 0700", "d @/a/b 0700", "e @/* 0711"],
    entries: [directory("a"), directory("ab"), directory("a/b")],
    operations: ["--create"],
    options: ["--prefix=@/a"],
  },
  "excluded prefixes": {
    lines: ["d @/a 0700", "d @/ab 0700", "d @/a/b 0700"],
    operations: ["--create"],
    options: ["--prefix=@/a", "--exclude-prefix=@/a/b"],
  },
  "immutable files stay": {
    lines: ["d @ - - - 0"],
    entries: [file("i", { immutable: true }), directory("d", { immutable: true }), file("d/x")],
  },
  "immutable files and remove": {
    lines: ["R @/i", "r @/j", "R @/d", "D @/e"],
    entries: [
      file("i", { immutable: true }),
      file("j", { immutable: true }),
      directory("d"),
      file("d/x", { immutable: true }),
      directory("e"),
      file("e/x", { immutable: true }),
    ],
    operations: ["--remove"],
  },
  "names that are bytes": {
    lines: ["d @ - - - 0", "x @/\\xff", "x @/new\\nline", 'x "@/sp ace"', "x @/\\\\[b\\\\]"],
    entries: ["\xff", "\xfe", "new\nline", "sp ace", "[b]", "b", "*"].map((name) => file(name)),
  },
  "an ordinary user cleans": {
    lines: ["d @ - - - 0", "d @/new 0700", "f @/f - - - - x"],
    entries: [file("mine", { uid: 65534 }), file("not"), directory("his", { mode: 0o700 }), file("his/x")],
    operations: ["--clean", "--create"],
    more: { unprivileged: true },
  },
  "an ordinary user in user mode": {
    lines: ["d @/%u 0700", "f @/f - - - - %U %h %t", "d @/x - root"],
    operations: ["--create"],
    options: ["--user"],
    more: { unprivileged: true },
  },
};

export function caseOfProbe(probe: Probe): Case {
  const raw = probe.lines.map((line) => ({
    raw: line.replaceAll("@SOURCE", "\0").replaceAll("@", "@/tree").replaceAll("\0", "@/source"),
  }));
  return {
    entries: probe.entries ?? DEEP,
    files: [{ name: "x.conf", place: "argument", lines: raw }],
    operations: probe.operations ?? ["--clean"],
    options: (probe.options ?? []).map((option) => option.replaceAll("@", "@/tree")),
    rooted: false,
    delivery: "files",
    clockDays: 20,
    disk: "/var/tmp",
    extra: [],
    unprivileged: false,
    ...probe.more,
  };
}
