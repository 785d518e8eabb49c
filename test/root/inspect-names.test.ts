/** Processes that are hard to identify: each gets the right name, or none. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Actor } from "#src/inspect/index.js";
import { needsCompiler } from "../requirements.js";
import { scratch } from "../scratch.js";
import { NEEDS_NAMES, watching } from "../unit/inspect/watching.js";

const skip = NEEDS_NAMES || needsCompiler;

interface Place {
  /** A file to remove. */
  readonly victim: string;
  readonly tools: string;
  /** A program of this text, compiled. */
  compile(source: string): string;
}

/** Who removed the victim, by each way of naming. */
interface Case {
  readonly act: (place: Place) => void;
  /** What the recorder says. */
  readonly exe: RegExp;
  readonly cmdline: (place: Place) => readonly string[];
}

const HEAD =
  "#define _GNU_SOURCE\n#include <pthread.h>\n#include <string.h>\n#include <sys/prctl.h>\n#include <sys/wait.h>\n#include <unistd.h>\n";
const run = (program: string, ...args: string[]): void => {
  const done = spawnSync(program, args, { encoding: "utf8" });
  assert.equal(done.status, 0, `${program}: ${done.stderr}`);
};

const THREAD = `void *go(void *p) { prctl(PR_SET_NAME, "\\033[31mevil"); unlink(p); return 0; }
int main(int c, char **v) { pthread_t t; pthread_create(&t, 0, go, v[1]); pthread_join(t, 0); return 0; }`;
const LEADER_GONE = `void *go(void *p) { usleep(100000); unlink(p); return 0; }
int main(int c, char **v) { pthread_t t; pthread_create(&t, 0, go, v[1]); pthread_exit(0); }`;
const THREAD_EXECS = `void *go(void *p) { execl("/bin/rm", "by-a-thread", p, (char *)0); return 0; }
int main(int c, char **v) { pthread_t t; pthread_create(&t, 0, go, v[1]); pthread_join(t, 0); return 0; }`;
const VFORK =
  "int main(int c, char **v) { if (vfork() == 0) { unlink(v[1]); _exit(0); } wait(0); return 0; }";
const VFORK_EXECS =
  'int main(int c, char **v) { if (vfork() == 0) { execl("/bin/rm", "after-vfork", v[1], (char *)0); _exit(1); } wait(0); return 0; }';
const GONE_ITSELF = "int main(int c, char **v) { unlink(v[0]); unlink(v[1]); return 0; }";
const LIAR = `int main(int c, char **v) { char p[4096]; strcpy(p, v[1]); memset(v[0], 'X', strlen(v[0])); memset(v[1], 'Y', strlen(v[1]));
prctl(PR_SET_NAME, "innocent"); unlink(p); return 0; }`;

const compiled = (source: string, name = /\/program$/): Case => ({
  act: ({ compile, victim }) => run(compile(source), victim),
  exe: name,
  cmdline: ({ tools, victim }) => [join(tools, "program"), victim],
});

const CASES: Readonly<Record<string, Case>> = {
  "a thread, with a terminal's escapes for a name": compiled(THREAD),
  "a thread whose leader has ended": compiled(LEADER_GONE),
  "a program executed by a thread": {
    ...compiled(THREAD_EXECS, /^\/bin\/rm$/),
    cmdline: ({ victim }) => ["by-a-thread", victim],
  },
  "a child of vfork": compiled(VFORK),
  "a program executed after vfork": {
    ...compiled(VFORK_EXECS, /^\/bin\/rm$/),
    cmdline: ({ victim }) => ["after-vfork", victim],
  },
  "a program whose file is gone": compiled(GONE_ITSELF),
  "a program that writes over its own arguments": compiled(LIAR),
  "a chain of exec": {
    act: ({ victim }) => run("/bin/sh", "-c", `exec sh -c 'exec sh -c "exec rm ${victim}"'`),
    exe: /\/rm$/,
    cmdline: ({ victim }) => ["rm", victim],
  },
  "a program with a newline and escapes in its path": {
    act({ tools, victim }) {
      const program = join(tools, "a\n\x1b[31mb");
      copyFileSync("/bin/rm", program);
      chmodSync(program, 0o755);
      run(program, victim);
    },
    exe: /\/a\n.\[31mb$/,
    cmdline: ({ tools, victim }) => [join(tools, "a\n\x1b[31mb"), victim],
  },
  "empty arguments": {
    act: ({ victim }) => run("/bin/rm", "-f", "", victim, ""),
    exe: /\/rm$/,
    cmdline: ({ victim }) => ["/bin/rm", "-f", "", victim, ""],
  },
  "a pid namespace of its own": {
    act: ({ victim }) =>
      run("unshare", "--pid", "--fork", "--mount-proc", "/bin/sh", "-c", `rm ${victim}; true`),
    exe: /\/rm$/,
    cmdline: ({ victim }) => ["rm", victim],
  },
  "a mount namespace in which the path is another": {
    act({ tools, victim }) {
      const view = join(tools, "view");
      mkdirSync(view);
      const dir = join(victim, "..");
      run("unshare", "--mount", "/bin/sh", "-c", `mount --bind ${dir} ${view} && rm ${view}/victim; true`);
    },
    exe: /\/rm$/,
    cmdline: ({ tools }) => ["rm", join(tools, "view/victim")],
  },
};

async function removedBy(
  t: TestContext,
  { act }: Case,
  without: readonly ("bpf" | "exec-event")[],
): Promise<{ actor: Actor; place: Place; naming: string }> {
  const dir = scratch(t);
  const tools = scratch(t);
  const victim = join(dir, "victim");
  writeFileSync(victim, "");
  const compile = (source: string): string => {
    const program = join(tools, "program");
    writeFileSync(`${program}.c`, HEAD + source);
    run("cc", "-O", "-w", "-pthread", "-o", program, `${program}.c`);
    return program;
  };
  const place = { victim, tools, compile };
  const { events, abilities } = await watching(dir, () => act(place), { without });
  assert.equal(existsSync(victim), false);
  assert.deepEqual(
    events.map(({ op, path }) => [op, path]),
    [["delete", victim]],
  );
  return { actor: events[0]?.actor as Actor, place, naming: abilities.naming };
}

for (const [what, each] of Object.entries(CASES)) {
  test(`the recorder names ${what}`, { skip }, async (t) => {
    const { actor, place, naming } = await removedBy(t, each, []);
    assert.equal(naming, "bpf");
    assert.equal(actor.source, "bpf");
    assert.match(`${actor.exe}`, each.exe);
    assert.deepEqual(actor.cmdline, each.cmdline(place));
  });

  for (const without of [["bpf"], ["bpf", "exec-event"]] as const) {
    test(`without ${without.join(" and ")}, no wrong name for ${what}`, { skip }, async (t) => {
      const { actor } = await removedBy(t, each, without);
      const name = actor.exe?.replace(/ \(deleted\)$/, "").replace(/^\/usr/, "");
      if (name === undefined) assert.equal(actor.source, "gone");
      else assert.match(name, each.exe);
    });
  }
}

test("a long command line is cut and marked", { skip }, async (t) => {
  const long = Array.from({ length: 16 }, (_, i) => `/nowhere/${i}${"x".repeat(4_000)}`);
  const act = ({ victim }: Place): void => run("/bin/rm", "-f", victim, ...long);
  const { actor, place } = await removedBy(t, { ...compiled(""), act }, []);
  assert.equal(actor.truncated, true);
  assert.deepEqual(actor.cmdline?.slice(0, 3), ["/bin/rm", "-f", place.victim]);
  assert.equal(`${actor.cmdline?.[3]}`.startsWith("/nowhere/0xxx"), true);
});

test("a reused pid does not get the old name", { skip }, async (t) => {
  const dir = scratch(t);
  const script = join(scratch(t), "reuse");
  // The next pid can be chosen in a pid namespace of one's own: the same one is used by two programs in turn.
  writeFileSync(
    script,
    `for program in touch rm touch rm; do echo 99 > /proc/sys/kernel/ns_last_pid; $program ${dir}/f; sleep 0.1; done\n`,
  );
  const watcher = `
    import { spawnSync } from "node:child_process";
    import { watch } from ${JSON.stringify(join(import.meta.dirname, "../../../dist/inspect/index.js"))};
    const watched = watch([${JSON.stringify(dir)}]);
    await watched.ready;
    const reported = [];
    const all = (async () => { for await (const { op, actor } of watched) reported.push([op, actor.pid, actor.exe ?? actor.source]); })();
    spawnSync("/bin/sh", [${JSON.stringify(script)}]);
    watched.close();
    await all;
    console.log(JSON.stringify(reported));`;
  const program = join(scratch(t), "watcher.mjs");
  writeFileSync(program, watcher);
  const done = spawnSync("unshare", ["--pid", "--fork", "--mount-proc", process.execPath, program], {
    encoding: "utf8",
  });
  assert.equal(done.status, 0, done.stderr);
  const reported = JSON.parse(done.stdout) as [string, number, string][];
  assert.deepEqual(
    reported.map(([op]) => op),
    ["create", "delete", "create", "delete"],
  );
  assert.equal(new Set(reported.map(([, pid]) => pid)).size, 1, "the pid was used again");
  for (const [op, , name] of reported) assert.match(name, op === "create" ? /touch$|^gone$/ : /rm$|^gone$/);
});
