import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explainSync, type WatchEvent } from "#src/inspect/index.js";
import { reference } from "../reference.js";
import { needsDisk } from "../requirements.js";
import { scratch } from "../scratch.js";
import { NEEDS_NAMES, watching } from "../unit/inspect/watching.js";

const real = reference();
const skip = NEEDS_NAMES || (real.missing ?? false);

function must(command: string, ...args: string[]): void {
  const done = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(done.status, 0, `${command}: ${done.stderr}`);
}

/** An ext4 whose inodes cannot store a birth time, mounted. */
function withoutBirthTimes(t: TestContext): string {
  const dir = scratch(t);
  const image = join(dir, "image");
  const mount = join(dir, "disk");
  must("truncate", "-s", "16M", image);
  must("mkfs.ext4", "-q", "-I", "128", image);
  mkdirSync(mount);
  must("mount", "-o", "loop", image, mount);
  return mount;
}

const UNIT = "mayfly-test-clean.service";

/** A cgroup of the unified hierarchy that is named as a unit's, wherever that hierarchy is mounted. */
function unitCgroup(t: TestContext): string | undefined {
  const mount = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .find((line) => line.includes(" - cgroup2 "))
    ?.split(" ")[4];
  if (mount === undefined) return undefined;
  const cgroup = join(mount, UNIT);
  mkdirSync(cgroup, { recursive: true });
  t.after(() => rmdirSync(cgroup));
  return cgroup;
}

/** Runs the real cleaner, in the unit's cgroup where there is one. */
async function clean(cgroup: string | undefined, ...args: string[]): Promise<void> {
  const enter = cgroup === undefined ? "" : `echo $$ > ${cgroup}/cgroup.procs; `;
  const script = `${enter}exec "$0" "$@"`;
  await once(spawn("/bin/sh", ["-c", script, real.binary ?? "", ...args], { stdio: "ignore" }), "exit");
}

/** A tree as an archive leaves it: made now, with timestamps of long ago. */
function unpacked(below: string): string {
  const tree = join(below, "build-root");
  const modules = join(tree, "proc/modules");
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(tree, "installer"), "works on it");
  for (const path of [modules, join(tree, "proc")]) utimesSync(path, 1_000_000_000, 1_000_000_000);
  return modules;
}

const removalOf = (events: readonly WatchEvent[], path: string): WatchEvent | undefined =>
  events.find(({ op, path: removed }) => op === "delete" && removed === path);

test("a removed directory is predicted, explained, and kept by the advice", {
  skip: skip || needsDisk("ext4"),
}, async (t) => {
  const disk = withoutBirthTimes(t);
  const varTmp = join(disk, "tmp");
  mkdirSync(varTmp);
  const config = join(scratch(t), "var.conf");
  writeFileSync(config, `# the distribution's own\nq ${varTmp} 1777 root root 30d\n`);
  const modules = unpacked(varTmp);
  const cgroup = unitCgroup(t);

  const [before] = explainSync([modules], { config: [config] });
  assert.equal(before?.verdict, "remove");
  assert.equal(before?.line?.line, 2);
  assert.equal(before?.decisive, "mtime");

  const { events } = await watching(varTmp, () => clean(cgroup, "--clean", config));
  assert.equal(existsSync(modules), false);
  const removal = removalOf(events, modules);
  assert.equal(removal?.actor.exe, real.binary);
  if (cgroup !== undefined) assert.equal(removal?.actor.unit, UNIT);
  assert.equal(removal?.line?.file, config);
  assert.equal(removal?.line?.text, `q ${varTmp} 1777 root root 30d`);
  assert.equal(removal?.decisive?.timestamp, "mtime");
  assert.equal(removal?.decisive?.time, 1_000_000_000n * 1_000_000_000n);
  const fix = removal?.advice?.map((text) => /add `(x .*)` to/.exec(text)?.[1]).find((line) => line);
  assert.equal(fix, `x ${modules}`);

  unpacked(varTmp);
  writeFileSync(config, `${readFileSync(config, "utf8")}${fix}\n`);
  const [after] = explainSync([modules], { config: [config] });
  assert.equal(after?.verdict, "keep");
  assert.equal(after?.line?.text, fix);
  await clean(cgroup, "--clean", config);
  assert.equal(existsSync(modules), true);
});

test("a mount point created at boot below a D line is explained", { skip }, async (t) => {
  const dir = scratch(t);
  const run = join(dir, "run");
  const point = join(run, "mount-Xa81bc");
  mkdirSync(point, { recursive: true });
  const config = join(scratch(t), "run.conf");
  writeFileSync(config, `D ${run} 0755 root root -\n`);

  const [before] = explainSync([point], { config: [config] });
  assert.equal(before?.verdict, "keep", "ageing does not remove it");
  assert.equal(before?.boot?.text, `D ${run} 0755 root root -`);

  const { events } = await watching(run, () => clean(undefined, "--remove", "--boot", config));
  assert.notEqual(spawnSync("mount", ["-t", "tmpfs", "none", point]).status, 0, "mount point does not exist");
  const removal = removalOf(events, point);
  assert.equal(removal?.actor.exe, real.binary);
  assert.equal(removal?.line?.text, `D ${run} 0755 root root -`);
  assert.equal(removal?.decisive, undefined);
  const fix = removal?.advice?.map((text) => /add `(x .*)` to/.exec(text)?.[1]).find((line) => line);

  mkdirSync(point);
  writeFileSync(config, `${readFileSync(config, "utf8")}${fix}\n`);
  await clean(undefined, "--remove", "--boot", config);
  assert.equal(existsSync(point), true);
});
