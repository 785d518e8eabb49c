import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { needsCompiler } from "../requirements.js";
import { scratch } from "../scratch.js";
import { NEEDS_NAMES, watching } from "../unit/inspect/watching.js";

const PROGRAMS = 2000;
const skip = NEEDS_NAMES || needsCompiler;

/** A static program without a libc start-up worth the name: gone a few hundred microseconds after its exec. */
function shortLived(dir: string): string {
  const program = join(dir, "unlink-one");
  writeFileSync(`${program}.c`, "#include <unistd.h>\nint main(int c, char **v) { return unlink(v[1]); }\n");
  const compiled = spawnSync("cc", ["-O", "-static", "-o", program, `${program}.c`], { encoding: "utf8" });
  assert.equal(compiled.status, 0, compiled.stderr);
  return program;
}

/** One process that spins for each core, until the test ends. */
function load(t: TestContext): void {
  for (const _ of cpus()) {
    const spinning: ChildProcess = spawn("/bin/sh", ["-c", "while :; do :; done"], { stdio: "ignore" });
    t.after(() => spinning.kill("SIGKILL"));
  }
}

async function namedOf(t: TestContext): Promise<void> {
  const dir = scratch(t);
  const tools = scratch(t);
  const program = shortLived(tools);
  for (let i = 0; i < PROGRAMS; i++) writeFileSync(join(dir, `f${i}`), "");
  const { abilities, events } = await watching(dir, async () => {
    const loop = `i=0; while [ $i -lt ${PROGRAMS} ]; do ${program} ${dir}/f$i; i=$((i+1)); done`;
    await once(spawn("/bin/sh", ["-c", loop], { stdio: "ignore" }), "exit");
  });
  assert.equal(abilities.naming, "bpf", abilities.notices.join("; "));
  assert.equal(events.length, PROGRAMS);
  for (const { path, actor } of events) {
    assert.equal(actor.source, "bpf");
    assert.equal(actor.exe, program);
    assert.deepEqual(actor.cmdline, [program, path]);
  }
}

test(`${PROGRAMS} programs that only call unlink are each identified, idle`, { skip }, namedOf);

test(`${PROGRAMS} programs that only call unlink are each identified, under load`, { skip }, async (t) => {
  load(t);
  await namedOf(t);
});

test("a burst of 100,000 removals is reported completely, with path, program and times", {
  skip: NEEDS_NAMES,
}, async (t) => {
  const dir = scratch(t);
  const wanted = new Set([dir]);
  for (let i = 0; i < 100; i++) {
    const sub = join(dir, `d${i}`);
    mkdirSync(sub);
    wanted.add(sub);
    for (let j = 0; j < 1000; j++) {
      writeFileSync(join(sub, `f${j}`), "");
      wanted.add(join(sub, `f${j}`));
    }
  }
  const { events } = await watching(dir, async () => {
    await once(spawn("rm", ["-r", dir], { stdio: "ignore" }), "exit");
  });
  for (const { op, path, actor, victim } of events) {
    assert.equal(op, "delete");
    assert.equal(wanted.delete(path), true, path);
    assert.equal(actor.cmdline?.[0], "rm");
    assert.notEqual(victim, undefined, path);
  }
  assert.equal(wanted.size, 0);
});

test("a fork without an exec has the name of its program", { skip: NEEDS_NAMES }, async (t) => {
  const dir = scratch(t);
  const script = join(scratch(t), "script");
  writeFileSync(script, `#!/bin/sh\n( : > ${dir}/by-a-subshell )\n`);
  chmodSync(script, 0o755);
  const { events } = await watching(dir, () => {
    spawnSync(script);
  });
  assert.equal(events[0]?.actor.exe, script);
});

for (const without of [["bpf"], ["bpf", "exec-event"]] as const) {
  test(`without ${without.join(" and ")}, a process that is gone is not given another's name`, {
    skip,
  }, async (t) => {
    const dir = scratch(t);
    const program = shortLived(scratch(t));
    for (let i = 0; i < 200; i++) writeFileSync(join(dir, `f${i}`), "");
    const during = async (): Promise<void> => {
      const loop = `for f in ${dir}/f*; do ${program} $f; done`;
      await once(spawn("/bin/sh", ["-c", loop], { stdio: "ignore" }), "exit");
    };
    const { abilities, events } = await watching(dir, during, { without });
    assert.notEqual(abilities.naming, "bpf");
    assert.equal(events.length, 200);
    for (const { actor, path } of events) {
      if (actor.exe !== undefined) assert.equal(actor.exe, program);
      if (actor.cmdline !== undefined) assert.equal(actor.cmdline[1], path);
      if (actor.exe === undefined) assert.equal(actor.source, "gone");
    }
  });
}
