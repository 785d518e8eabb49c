/** Deep and wide trees, few file descriptors, full disks: every limit is respected or reported. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";
import { has, isRoot, MAYFLY, mayfly, type Result, start } from "./program.js";

const real = reference();
const DEPTH = 10_000;
/** What a path may have is 4,096 bytes, so that a deep tree is put together from pieces. */
const PIECE = 1000;
const pieces = Array.from({ length: PIECE }, () => "d").join("/");

const home = scratch({ after });
const tree = join(home, "tree");
const copy = join(home, "copy");

function lay(depth: number): void {
  start("rm", ["-rf", tree, copy]);
  mkdirSync(tree);
  for (let laid = 0; laid < depth; laid += PIECE) {
    const piece = join(home, "piece");
    mkdirSync(join(piece, pieces), { recursive: true });
    writeFileSync(join(piece, "file"), "");
    if (existsSync(join(tree, "d"))) renameSync(join(tree, "d"), join(piece, pieces, "d"));
    renameSync(join(piece, "d"), join(tree, "d"));
    renameSync(join(piece, "file"), join(tree, `file-${laid}`));
    rmSync(piece, { recursive: true });
  }
}

/** How many of the directories find(1) finds with this. */
function count(top: string, ...conditions: string[]): number {
  return start("find", [top, "-name", "d", "-type", "d", ...conditions, "-printf", "x"]).stdout.length;
}

function withFew(files: number, program: readonly string[], args: readonly string[]): Result {
  return start("prlimit", [`--nofile=${files}`, ...program, ...args]);
}

const OURS = [process.execPath, MAYFLY, "tmpfiles"];
/** A line for each way to walk, and how many levels it did. */
const CREATED: Readonly<Record<string, () => number>> = {
  "Z @ 0711": () => count(tree, "-perm", "0711"),
  [`C ${copy} - - - - @`]: () => count(copy),
  "L+ @ - - - - target": () => (existsSync(join(tree, "d")) ? 0 : DEPTH),
};

for (const [line, done] of Object.entries(CREATED)) {
  // Node itself has 22 to 26 open.
  test(`ten thousand levels with 36 files: ${line.replace(copy, "COPY")}`, () => {
    lay(DEPTH);
    const args = ["--create", "--inline", line.replaceAll("@", tree)];
    assert.deepEqual(withFew(36, OURS, args), { status: 0, stdout: "", stderr: "" });
    assert.equal(done(), DEPTH);
  });
}

/** Runs `mayfly` with its greatest memory, in MiB, as the kernel counts it: VmHWM of proc_pid_status(5). */
function withPeak(args: readonly string[]): Result & { readonly peak: number } {
  const file = join(home, "peak");
  const hook = `import fs from "node:fs"; const status = () => fs.readFileSync("/proc/self/status", "utf8");
    process.on("exit", () => fs.writeFileSync(${JSON.stringify(file)}, /VmHWM:\\s+(\\d+)/.exec(status())[1]));`;
  const options = `--import=data:text/javascript,${encodeURIComponent(hook)}`;
  const result = mayfly(args, { env: { NODE_OPTIONS: options } });
  return { ...result, peak: Math.round(Number(readFileSync(file, "utf8")) / 1024) };
}

const deepConfig = join(home, "deep.conf");
const AGED = "e @ - - - mM:1d";
/** In this order, as each finds the tree that the ones above have left; and what it prints. */
const DEEP: readonly (readonly [args: readonly string[], prints: RegExp])[] = [
  [["explain", "--config", deepConfig, "@/d"], /\/d kept/],
  [["forecast", "--config", deepConfig, "@"], /./],
  [["clean", "--no-index", deepConfig], /Kept \d+ entries: too new/],
  [["create", "--inline", "Z @ 0711"], /^Changed 30,0\d\d/],
  [["create", "--inline", `C ${copy} - - - - @`], /^Created 1/],
  // As systemd-tmpfiles, which looks 256 levels down.
  [["remove", "--inline", `R ${copy}`], /1 too deep/],
  [["remove", "--inline", "D @"], /1 too deep/],
];
const DEEPEST = 30_000;
/** Far less than the paths of all levels, which would need a gigabyte. */
const MOST_MIB = 200;

test("thirty thousand levels need little memory, and every command copes with them", (t) => {
  lay(DEEPEST);
  writeFileSync(deepConfig, `${AGED.replace("@", tree)}\n`);
  for (const [args, prints] of DEEP) {
    const { status, stdout, peak } = withPeak(args.map((arg) => arg.replaceAll("@", tree)));
    assert.equal(status, 0, args[0]);
    assert.match(stdout, prints);
    t.diagnostic(`${args[0]}: ${peak} MiB`);
    assert.ok(peak < MOST_MIB, `${args.join(" ")} needs ${peak} MiB`);
  }
});

test("too many open files are reported, with the exit status of 262", { skip: real.missing ?? false }, () => {
  for (const args of [
    ["--clean", "--inline", `d ${tree} - - - mM:0`],
    ["--remove", "--inline", `D ${tree}`],
    ["--remove", "--inline", `R ${tree}`],
  ]) {
    lay(PIECE);
    const theirs = withFew(48, [real.binary ?? ""], args);
    lay(PIECE);
    const ours = withFew(48, OURS, args);
    assert.deepEqual([theirs.status, ours.status], [1, 1]);
    assert.match(
      ours.stderr,
      // For an ordinary user, each directory that could not be opened is reported, as with 262.
      /^(Opening directory [^\n]*\n)?[^\n]*: Too many open files \(openat\(.*, O_RDONLY\|O_DIRECTORY.*\): EMFILE\) \[\(argument\):1\]\n$/,
    );
  }
});

test("a copy to a full disk leaves nothing, and ends with the status of 262", {
  skip: real.missing ?? (isRoot && has("unshare") ? false : "only root may mount"),
}, () => {
  const source = join(home, "source");
  mkdirSync(source);
  for (const name of ["b", "a", "d", "c"]) writeFileSync(join(source, name), "x".repeat(400_000));
  const script = 'mount -t tmpfs -o size=1M none "$0" && "$@"; status=$?; ls "$0/copy" 2>&-; exit $status';
  const target = join(home, "small");
  mkdirSync(target);
  const args = ["--create", "--inline", `C ${target}/copy - - - - ${source}`, `d ${target}/next`];
  const [theirs, ours] = [[real.binary ?? ""], OURS].map((program) =>
    start("unshare", ["-m", "sh", "-c", script, target, ...program, ...args]),
  );
  assert.deepEqual([theirs?.status, theirs?.stdout], [73, "a\nb\n"]);
  assert.deepEqual([ours?.status, ours?.stdout], [73, ""]);
  assert.match(ours?.stderr ?? "", /: No space left on device \(.*\) \[\(argument\):1\]\n$/);
  assert.deepEqual(readdirSync(target), []);
});
