/** The sums of mayfly report are those of ncdu, gdu and du. `ENTRIES=1000000` also holds the limits of time and memory. */
import assert from "node:assert/strict";
import { linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsPrograms } from "../requirements.js";
import { scratch } from "../scratch.js";
import { MAYFLY, mayfly, start } from "./program.js";

interface Count {
  entries: number;
  bytes: number;
}

const ENTRIES = Number(process.env.ENTRIES ?? 3_000);

/** Directories of 100 files of different sizes, some with a second name. */
function makeTree(top: string): void {
  for (let directory = 0; directory * 100 < ENTRIES; directory++) {
    const path = join(top, `u${directory % 20}`, `d${Math.floor(directory / 20)}`, `e${directory}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 100; file++)
      writeFileSync(join(path, `f${file}`), file % 9 === 0 ? "x".repeat((file * 977) % 30_000) : "");
    linkSync(join(path, "f9"), join(path, "linked"));
    symlinkSync("f1", join(path, "symlink"));
  }
}

function reported(top: string): Count {
  const { stdout, status, stderr } = mayfly(["report", "--json", top]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  const { entries, bytes } = JSON.parse(stdout) as Count;
  return { entries, bytes };
}

type Exported = {
  readonly name: string;
  readonly dsize?: number;
  readonly ino?: number;
  readonly hlnkc?: boolean;
};
type ExportedDirectory = readonly [Exported, ...(Exported | ExportedDirectory)[]];

/**
 * The format that ncdu and gdu export: a directory is an array that starts with the directory itself. ncdu marks all names of
 * an inode with several, gdu those after the first.
 */
function sumOf(text: string, ownSize: (path: string) => number, marksFirst: boolean): Count {
  const [, , , top] = JSON.parse(text) as readonly [number, number, object, ExportedDirectory];
  const seen = new Set<number>();
  const count: Count = { entries: 0, bytes: 0 };
  const add = (entry: Exported, size: number): void => {
    count.entries++;
    if (entry.hlnkc === true && entry.ino !== undefined) {
      if (!marksFirst || seen.has(entry.ino)) return;
      seen.add(entry.ino);
    }
    count.bytes += size;
  };
  const visit = ([self, ...inside]: ExportedDirectory, above: string): void => {
    const path = above === "" ? self.name : join(above, self.name);
    add(self, self.dsize ?? ownSize(path));
    for (const each of inside) {
      if ("length" in each) visit(each, path);
      else add(each, each.dsize ?? 0);
    }
  };
  visit(top, "");
  return count;
}

const onDisk = (path: string): number => statSync(path).blocks * 512;

test("ncdu has the same sums", { skip: needsPrograms("ncdu") }, (t) => {
  const place = scratch(t);
  const top = join(place, "top");
  mkdirSync(top);
  makeTree(top);
  const file = join(place, "ncdu.json");
  const { status } = start("ncdu", ["-0", "-x", "-o", file, top]);
  assert.equal(status, 0);
  assert.deepEqual(reported(top), sumOf(readFileSync(file, "utf8"), onDisk, true));
});

test("gdu has the same sums", { skip: needsPrograms("gdu") }, (t) => {
  const place = scratch(t);
  const top = join(place, "top");
  mkdirSync(top);
  makeTree(top);
  const file = join(place, "gdu.json");
  const { status, stderr } = start("gdu", ["-n", "-x", "-o", file, top]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(reported(top), sumOf(readFileSync(file, "utf8"), onDisk, false));
});

test("du has the same sums", (t) => {
  const top = scratch(t);
  makeTree(top);
  const bytes = Number(start("du", ["-s", "--block-size=1", top]).stdout.split("\t")[0]);
  const entries = start("find", [top, "-printf", "x"]).stdout.length;
  assert.deepEqual(reported(top), { entries, bytes });
});

const needsMillion = ENTRIES >= 1_000_000 ? false : "set ENTRIES=1000000";

test("a million entries: a page of 300 KiB, 150 MB, 1.3 times a dry run", { skip: needsMillion }, (t) => {
  const place = scratch(t);
  const top = join(place, "top");
  mkdirSync(top);
  makeTree(top);
  const config = join(place, "t.conf");
  writeFileSync(config, `d ${top} - - - mM:10d\n`);
  const page = join(place, "page.html");
  const measured = (...args: string[]) => {
    const { stderr } = start("/usr/bin/time", ["-f", "%U %S %M", process.execPath, MAYFLY, ...args]);
    const [user = 0, system = 0, kilobytes = 0] =
      stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
    return { seconds: user + system, megabytes: kilobytes / 1000 };
  };
  measured("clean", "--dry-run", config);
  const clean = measured("clean", "--dry-run", config);
  const report = measured("report", "--config", config, "--output", page, top);
  t.diagnostic(JSON.stringify({ clean, report, bytes: statSync(page).size }));
  assert.ok(statSync(page).size <= 300 << 10);
  assert.ok(report.megabytes <= 150);
  assert.ok(report.seconds <= 1.3 * clean.seconds);
});
