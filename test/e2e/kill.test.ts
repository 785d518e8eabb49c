/** Runs that are killed at random moments: the next run gives the same result as an undisturbed one, and leaves nothing behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithTest } from "../children.js";
import { close, lockAt } from "../oracle/libc.js";
import { attachedTo, cannotMountImages, imageTree, makeImage } from "./disk-image.js";
import { isRoot, MAYFLY, mayfly, Scratch } from "./program.js";

const KILLS = Number(process.env.KILLS ?? 2);
const SIGNALS = ["SIGKILL", "SIGTERM", "SIGINT"] as const;
const LINES = 120;
const CONTENT = "content that is written at once ".repeat(100);
const OLD = new Date("2001-02-03T04:05:06Z");

/** One kind of run. Everything that it changes is in a directory of its own. */
interface Operation {
  /** Lays out what the run finds, and returns its arguments. */
  prepare(directory: string): string[];
  /** What the run has made, or left, as text. */
  result(directory: string): string[];
  /** Holds at any moment, so also after a kill. */
  whileRunning?(directory: string, expected: readonly string[], signal: NodeJS.Signals): void;
  /** Waits until nothing of a killed run is left in the kernel. */
  released?(directory: string): Promise<void>;
}

/** Each inode below a directory as text, by its name. */
function inodes(tree: string): string[] {
  const look = (path: string): string[] => {
    const stat = lstatSync(path);
    const what = `${path.slice(tree.length)} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isSymbolicLink()) return [`${what} -> ${readlinkSync(path)}`];
    if (stat.isFile()) return [`${what} ${stat.nlink} ${checksum(path)}`];
    if (!stat.isDirectory()) return [what];
    return [what, ...names(path).flatMap((name) => look(join(path, name)))];
  };
  return look(tree).slice(1);
}

const md5 = (content: string | Buffer): string => createHash("md5").update(content).digest("hex");
const checksum = (file: string): string => md5(readFileSync(file));

const names = (directory: string): string[] => readdirSync(directory).sort();

function config(directory: string, lines: readonly string[]): string {
  const file = join(directory, "lines.conf");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** Directories of files, all of them old. */
function oldTree(top: string, directories: number, files: number): void {
  for (let n = 0; n < directories; n++) {
    const directory = join(top, `dir-${n}`, "inner");
    mkdirSync(directory, { recursive: true });
    for (let m = 0; m < files; m++) {
      const file = join(directory, `file-${m}`);
      writeFileSync(file, CONTENT);
      utimesSync(file, OLD, OLD);
    }
    for (const each of [directory, join(directory, "..")]) utimesSync(each, OLD, OLD);
  }
  utimesSync(top, OLD, OLD);
}

const tree = (directory: string): string => join(directory, "tree");

/** With `:` nothing is corrected later, so an error stays visible. */
function linesOfEveryKind(path: string): string[] {
  const owner = isRoot ? ":65534 :65534" : "- -";
  return Array.from({ length: LINES }, (_, n) => [
    `f ${path}/f${n} :0640 ${owner} - ${CONTENT}`,
    `F ${path}/F${n} :0604 ${owner} - ${CONTENT}`,
    `d ${path}/d${n} :2751 ${owner}`,
    `p ${path}/p${n} :0606 ${owner}`,
    `L ${path}/l${n} - ${owner} - target-${n}`,
    `w ${path}/w${n} - - - - ${CONTENT}`,
    // Not on btrfs, these create directories.
    ...["v", "q", "Q"].map((type) => `${type} ${path}/${type}${n} :0711 ${owner}`),
  ]).flat();
}

/** The files to which `w` lines write. */
function filesToWrite(directory: string): void {
  for (let n = 0; n < LINES; n++) writeFileSync(join(directory, `w${n}`), UNWRITTEN);
}

const UNWRITTEN = "not written yet";
const isUnwritten = (one: string): boolean => one.startsWith("/w") && one.endsWith(md5(UNWRITTEN));

/** Temporary names begin so, and an empty directory that is being filled has such a file. */
const isUnfinished = (one: string): boolean => one.includes("/.mayfly-");

function assertNothingHalfMade(directory: string, expected: readonly string[]): void {
  for (const one of inodes(tree(directory))) {
    const isWhole = isUnfinished(one) || isUnwritten(one) || expected.includes(one);
    assert.ok(isWhole, `half made: ${one.slice(0, 80)}`);
  }
}

const create: Operation = {
  prepare(directory) {
    mkdirSync(tree(directory));
    filesToWrite(tree(directory));
    return ["create", config(directory, linesOfEveryKind(tree(directory)))];
  },
  result: (directory) => inodes(tree(directory)),
  whileRunning: assertNothingHalfMade,
};

const copy: Operation = {
  prepare(directory) {
    const source = join(directory, "source");
    oldTree(source, 8, 40);
    mkdirSync(join(tree(directory), "empty"), { recursive: true });
    const lines = ["new", "empty"].map((name) => `C ${tree(directory)}/${name} - - - - ${source}`);
    return ["create", config(directory, lines)];
  },
  result: (directory) => inodes(tree(directory)),
  whileRunning: assertNothingHalfMade,
};

const DIRECTORIES = 24;
const inner = (directory: string, n: number): string => join(tree(directory), `dir-${n}`, "inner");

/** Opens the directories, but lists none, which would make them new. */
function assertUnlocked(directory: string): void {
  for (const path of [directory, join(directory, "..")].filter(existsSync)) {
    const lock = lockAt(Buffer.from(path), true);
    assert.ok(lock !== undefined, `${path} is still locked`);
    close(lock);
  }
}

function assertOldTimes(directory: string): void {
  for (const path of [directory, join(directory, "..")]) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) assert.deepEqual([path, stat.atime, stat.mtime], [path, OLD, OLD]);
  }
}

const clean: Operation = {
  prepare(directory) {
    oldTree(tree(directory), DIRECTORIES, 60);
    for (let n = 0; n < DIRECTORIES; n += 3) {
      writeFileSync(join(inner(directory, n), "new"), "");
      utimesSync(inner(directory, n), OLD, OLD);
    }
    // Not by the mtime of directories: SIGKILL leaves that of the directory at hand as the removals have made it.
    return ["clean", "--no-index", config(directory, [`e ${tree(directory)} - - - mA:1d`])];
  },
  result: (directory) => inodes(tree(directory)),
  whileRunning(directory, _expected, signal) {
    for (let n = 0; n < DIRECTORIES; n++) {
      assert.equal(existsSync(join(inner(directory, n), "new")), n % 3 === 0);
      if (signal !== "SIGKILL") assertOldTimes(inner(directory, n));
      assertUnlocked(inner(directory, n));
    }
  },
};

function removal(operation: "remove" | "purge", lines: (path: string) => string[]): Operation {
  return {
    prepare(directory) {
      for (const name of ["a", "b-1", "b-2", "c"]) oldTree(join(tree(directory), name), 6, 60);
      writeFileSync(join(tree(directory), "kept"), CONTENT);
      return [operation, config(directory, lines(tree(directory)))];
    },
    result: (directory) => inodes(tree(directory)),
  };
}

const image: Operation = {
  prepare(directory) {
    const file = makeImage(directory, "disk.img", (root) => {
      writeFileSync(join(root, "usr/lib/tmpfiles.d/lines.conf"), linesOfEveryKind("/var").join("\n"));
    });
    return ["tmpfiles", `--image=${file}`, "--create"];
  },
  result: (directory) => imageTree(join(directory, "disk.img"), "var"),
  async released(directory) {
    for (let looks = 0; attachedTo(join(directory, "disk.img")) !== ""; looks++) {
      assert.ok(looks < 600, "the loop device is released within a minute");
      await sleep(100);
    }
    assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /mount-rootfs/);
  },
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  create,
  "create with C": copy,
  clean,
  remove: removal("remove", (path) => [`R ${path}/a`, `R ${path}/b-*`, `D ${path}/c`]),
  purge: removal("purge", (path) => [`d$ ${path}/a`, `D$ ${path}/b-1`, `d$ ${path}/b-2`, `d$ ${path}/c`]),
  "--image": image,
};

/** Whether the signal met the run at work. */
async function killed(args: readonly string[], signal: NodeJS.Signals, after: number): Promise<boolean> {
  const child = endWithTest(
    spawn(process.execPath, [MAYFLY, ...args], {
      stdio: "ignore",
      env: { PATH: process.env.PATH },
      timeout: 60_000,
      killSignal: "SIGABRT",
    }),
  );
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  await sleep(after);
  child.kill(signal);
  const [status, by] = await ended;
  assert.ok(by === signal || status === 0, `it ends by ${signal} or is done: ${status ?? by}`);
  return by === signal;
}

for (const [name, operation] of Object.entries(OPERATIONS)) {
  const skip = operation === image ? cannotMountImages : false;
  test(`${name}, killed ${KILLS} times by each of ${SIGNALS.join(", ")}`, { skip }, async (context) => {
    using scratch = new Scratch();
    const fresh = (): string => mkdtempSync(join(scratch.path, "run-"));
    const undisturbed = fresh();
    const args = operation.prepare(undisturbed);
    const started = performance.now();
    assert.equal(mayfly(args).status, 0);
    const takes = performance.now() - started;
    const expected = operation.result(undisturbed);
    let hit = 0;
    for (const signal of SIGNALS) {
      for (let n = 0; n < KILLS; n++) {
        const directory = fresh();
        const again = operation.prepare(directory);
        // Most of the run comes after its start.
        if (await killed(again, signal, takes * (0.3 + 0.8 * Math.random()))) hit++;
        operation.whileRunning?.(directory, expected, signal);
        const next = mayfly(again);
        assert.deepEqual([next.status, next.stderr], [0, ""]);
        assert.deepEqual(operation.result(directory), expected);
        await operation.released?.(directory);
        rmSync(directory, { recursive: true });
      }
    }
    context.diagnostic(`${hit} of ${KILLS * SIGNALS.length} were killed before they were done`);
  });
}
