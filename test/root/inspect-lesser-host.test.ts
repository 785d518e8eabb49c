import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody } from "../ordinary-user.js";
import { scratch } from "../scratch.js";
import { NEEDS_ROOT } from "../unit/inspect/watching.js";

const root = join(import.meta.dirname, "../../..");
const skip = NEEDS_ROOT;
const NOBODY = 65534;

interface WatchResult {
  readonly ready: { readonly events: string; readonly naming: string; readonly notices: readonly string[] };
  readonly events: readonly {
    readonly op: string;
    readonly path: string;
    readonly source: string;
    readonly exe?: string;
  }[];
}

/** A program that watches `dir` while it runs a command, and prints the events. */
const WATCHER = `
import { spawnSync } from "node:child_process";
import { watch } from ${JSON.stringify(`${root}/dist/inspect/index.js`)};
const watched = watch([process.argv[2]]);
const ready = await watched.ready;
const events = [];
const all = (async () => {
  for await (const { op, path, actor } of watched) events.push({ op, path, source: actor.source, exe: actor.exe });
})();
spawnSync("/bin/sh", ["-c", process.argv[3]]);
watched.close();
await all;
console.log(JSON.stringify({ ready, events }));
`;

function watchIn(dir: string, command: string, how: readonly string[], script: string): WatchResult {
  writeFileSync(script, WATCHER);
  const [program = "", ...args] = [...how, process.execPath, script, dir, command];
  const done = spawnSync(program, args, { encoding: "utf8", cwd: "/", timeout: 120_000 });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout) as WatchResult;
}

for (const proc of [["--mount-proc"], []]) {
  test(`in a pid namespace ${proc.length > 0 ? "with" : "without"} a /proc of its own no wrong name is given`, {
    skip,
  }, (t) => {
    const dir = scratch(t);
    const script = join(scratch(t), "watcher.mjs");
    for (const name of ["inside", "outside"]) writeFileSync(join(dir, name), "");
    // A process of the host removes something too, while the inner one sleeps.
    const outside = `rm ${dir}/inside; sleep 0.3`;
    const reported = watchIn(dir, outside, ["unshare", "--pid", "--fork", ...proc], script);
    assert.equal(reported.ready.events, "fanotify");
    assert.notEqual(reported.ready.naming, "bpf");
    assert.equal(
      reported.ready.notices.some((notice) => notice.includes("PID namespace")),
      true,
    );
    for (const { exe, source } of reported.events) {
      if (exe === undefined) assert.equal(["gone", "outside"].includes(source), true, source);
      else assert.equal(exe.endsWith("/rm"), true, exe);
    }
    assert.deepEqual(
      reported.events.map(({ op, path }) => [op, path]),
      [["delete", join(dir, "inside")]],
    );
  });
}

test("without root, inotify reports changes, and that the process is unknown", {
  skip: cannotBeNobody,
}, (t) => {
  const dir = scratch(t);
  const tools = scratch(t);
  const script = join(tools, "watcher.mjs");
  writeFileSync(join(dir, "f"), "");
  for (const each of [dir, tools, join(dir, "f")]) chownSync(each, NOBODY, NOBODY);
  chmodSync(tools, 0o755);
  const how = ["setpriv", "--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
  // A directory is watched once its own event was read; what comes and goes in it before that is not seen.
  const command = `mkdir -p ${dir}/a/b; sleep 0.5; rm ${dir}/f; mv ${dir}/a ${dir}/c; rmdir ${dir}/c/b`;
  const { ready, events } = watchIn(dir, command, how, script);
  assert.equal(ready.events, "inotify");
  assert.equal(ready.naming, "none");
  assert.equal(
    ready.notices.some((notice) => notice.includes("processes cannot be identified")),
    true,
  );
  assert.equal(
    events.every(({ source }) => source === "unknown"),
    true,
  );
  const reported = events.map(({ op, path }) => `${op} ${path.slice(dir.length + 1)}`);
  for (const each of ["create a", "create a/b", "delete f", "rename a", "delete c/b"]) {
    assert.equal(reported.includes(each), true, `${each} in ${reported.join(", ")}`);
  }
});

test("overlayfs, which accepts no file system mark, is watched by directories", { skip }, async (t) => {
  const dir = scratch(t);
  const script = join(scratch(t), "watcher.mjs");
  const mounted = `cd ${dir} && mount -t tmpfs none . && cd ${dir} && mkdir lower upper work on lower/d && echo x > lower/d/f && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none on && exec "$0" "$@"`;
  const command = `rm ${dir}/on/d/f; mkdir ${dir}/on/new; echo y > ${dir}/on/new/g; sleep 0.1; rm ${dir}/on/new/g`;
  const how = ["unshare", "--mount", "/bin/sh", "-c", mounted];
  const { events } = watchIn(join(dir, "on"), command, how, script);
  const reported = events.map(({ op, path }) => `${op} ${path.slice(dir.length + 4)}`);
  for (const each of ["delete d/f", "create new", "create new/g", "delete new/g"]) {
    assert.equal(reported.includes(each), true, `${each} in ${reported.join(", ")}`);
  }
});
