/**
 * Temporary files and directories in one process on tmpfs: create, write 1 KB, delete; compared with popular packages, bare
 * calls of node:fs, and write-and-rename. The candidates take turns in short rounds. The result is the median of the ratios
 * of the rounds, so that other load affects all of them alike.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { median } from "./measure.js";

const ROUNDS = Number(process.env.ROUNDS ?? 60);
const CALLS = 200;
const KILOBYTE = Buffer.alloc(1024, "x");

const base = fs.mkdtempSync(join(process.env.BENCH_DIR ?? "/dev/shm", "mayfly-bench-"));
process.env.TMPDIR = base;

// tempy and the others look at TMPDIR when they are loaded.
const require = createRequire(import.meta.url);
const tmp = require("tmp") as typeof import("tmp");
const temp = require("temp") as typeof import("temp");
const fsTemp = require("fs-temp") as {
  openSync(flags: string): { fd: number; path: string };
  mkdirSync(): string;
};
const tempy = (await import("tempy")) as typeof import("tempy");
const mayfly = await import("#src/index.js");

type Candidates = Readonly<Record<string, () => void>>;

function writeAndClose(fd: number): void {
  fs.writeSync(fd, KILOBYTE);
  fs.closeSync(fd);
}

const files: Candidates = {
  tmp() {
    const file = tmp.fileSync();
    fs.writeSync(file.fd, KILOBYTE);
    file.removeCallback();
  },
  tempy() {
    const path = tempy.temporaryFile();
    fs.writeFileSync(path, KILOBYTE);
    fs.unlinkSync(path);
  },
  temp() {
    const { fd, path } = temp.openSync("x");
    writeAndClose(fd);
    fs.unlinkSync(path);
  },
  "fs-temp"() {
    const { fd, path } = fsTemp.openSync("w+");
    writeAndClose(fd);
    fs.unlinkSync(path);
  },
  openTemp() {
    const file = mayfly.openTempSync();
    fs.writeSync(file.fd, KILOBYTE);
    file.closeSync();
  },
  openMemfd() {
    const file = mayfly.openMemfdSync();
    fs.writeSync(file.fd, KILOBYTE);
    file.closeSync();
  },
  mkstemp() {
    const file = mayfly.mkstempSync();
    fs.writeSync(file.fd, KILOBYTE);
    file.removeSync();
  },
};

const directories: Candidates = {
  tmp: () => tmp.dirSync().removeCallback(),
  tempy: () => fs.rmdirSync(tempy.temporaryDirectory()),
  temp: () => fs.rmdirSync(temp.mkdirSync()),
  "fs-temp": () => fs.rmdirSync(fsTemp.mkdirSync()),
  "node:fs": () => fs.rmdirSync(fs.mkdtempSync(join(base, "x-"))),
  mkdtemp: () => mayfly.mkdtempSync().removeSync(),
};

const target = join(base, "target");
/** Two concurrent writers must not use the same file. */
let writes = 0;
const between = (): string => `${target}.${process.pid}.${writes++}`;

const persisting: Candidates = {
  "write and rename"() {
    const path = between();
    fs.writeFileSync(path, KILOBYTE, { mode: 0o600, flag: "wx" });
    fs.renameSync(path, target);
    fs.unlinkSync(target);
  },
  "write, fsync and rename"() {
    const path = between();
    fs.writeFileSync(path, KILOBYTE, { mode: 0o600, flag: "wx", flush: true });
    fs.renameSync(path, target);
    const dir = fs.openSync(base, "r");
    fs.fsyncSync(dir);
    fs.closeSync(dir);
    fs.unlinkSync(target);
  },
  persist() {
    const file = mayfly.openTempSync();
    fs.writeSync(file.fd, KILOBYTE);
    file.persistSync(target);
    file.closeSync();
    fs.unlinkSync(target);
  },
};

type Times = Readonly<Record<string, readonly number[]>>;

/** CPU microseconds per call, user and system, round by round: other programs affect these least. */
function time(candidates: Candidates): Times {
  const times = Object.fromEntries(Object.keys(candidates).map((name): [string, number[]] => [name, []]));
  for (let round = -5; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(candidates)) {
      const before = process.cpuUsage();
      for (let index = 0; index < CALLS; index++) call();
      const { user, system } = process.cpuUsage(before);
      // The first rounds include compilation.
      if (round >= 0) times[name]?.push((user + system) / CALLS);
    }
  }
  return times;
}

/** The speed relative to `than`. */
function ratio(times: Times, name: string, than: string): number {
  return median((times[than] ?? []).map((slower, round) => slower / (times[name]?.[round] ?? Number.NaN)));
}

function table(title: string, times: Times, than: string): void {
  process.stdout.write(`\n${title}: CPU microseconds, and how many times as fast as ${than}\n`);
  for (const [name, each] of Object.entries(times)) {
    const figures = `${median(each).toFixed(1).padStart(8)} ${ratio(times, name, than).toFixed(2).padStart(7)}`;
    process.stdout.write(`  ${name.padEnd(26)}${figures}\n`);
  }
}

function required(what: string, measured: number, least: number): void {
  const verdict = measured >= least ? "ok  " : "MISS";
  process.stdout.write(`${verdict} ${what}: ${measured.toFixed(2)} (at least ${least})\n`);
}

try {
  const [file, directory, persist] = [time(files), time(directories), time(persisting)];
  table("Create, 1 KB, delete", file, "tmp");
  table("Make and remove a directory", directory, "tmp");
  table("A new file under its lasting name", persist, "write and rename");
  const named = ["tmp", "tempy", "temp", "fs-temp"];
  const fastest = Math.min(...named.map((name) => ratio(file, "openTemp", name)));
  process.stdout.write("\n");
  required("anonymous files, against tmp", ratio(file, "openTemp", "tmp"), 4);
  required("anonymous files, against the fastest package with named files", fastest, 1.3);
  required("locked directories, against tmp", ratio(directory, "mkdtemp", "tmp"), 2.5);
  required("locked directories, against bare mkdtempSync", ratio(directory, "mkdtemp", "node:fs"), 0.45);
  required("persist, against write and rename", ratio(persist, "persist", "write and rename"), 1);
} finally {
  fs.rmSync(base, { recursive: true });
}
