import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../scratch.js";
import { NEEDS_NAMES, NEEDS_ROOT, watching } from "../unit/inspect/watching.js";

const options = { skip: NEEDS_ROOT };
const named = { skip: NEEDS_NAMES };

test("a removal is reported with its process and the file's timestamps", named, async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, "a/b"), { recursive: true });
  writeFileSync(join(dir, "a/b/old"), "old");
  utimesSync(join(dir, "a/b/old"), 1e9, 1e9);
  const { events } = await watching(dir, () => {
    spawnSync("rm", ["-r", join(dir, "a")]);
  });
  assert.deepEqual(
    events.map(({ op, path }) => [op, path]),
    ["a/b/old", "a/b", "a"].map((name) => ["delete", join(dir, name)]),
  );
  for (const { actor } of events) {
    assert.equal(actor.exe?.endsWith("/rm"), true, `${actor.exe}`);
    assert.deepEqual(actor.cmdline, ["rm", "-r", join(dir, "a")]);
    assert.equal(actor.uid, 0);
  }
  assert.equal(events[0]?.victim?.mtime, 1_000_000_000n * 1_000_000_000n);
  assert.equal(events[0]?.victim?.size, 3);
});

test("a rename over a file is a replacement, not a removal and not a creation", options, async (t) => {
  const dir = scratch(t);
  for (const name of ["new", "kept"]) writeFileSync(join(dir, name), name);
  utimesSync(join(dir, "kept"), 5, 5);
  const { events } = await watching(dir, () => renameSync(join(dir, "new"), join(dir, "kept")));
  assert.deepEqual(
    events.map(({ op, path, from }) => ({ op, path, from })),
    [{ op: "replace", path: join(dir, "kept"), from: join(dir, "new") }],
  );
  assert.equal(events[0]?.victim?.mtime, 5_000_000_000n);
  assert.equal(events[0]?.actor.pid, process.pid);
});

test(
  "a tree that is replaced at once is reported as removed and created, with its contents",
  options,
  async (t) => {
    const dir = scratch(t);
    mkdirSync(join(dir, "t/s"), { recursive: true });
    const { events } = await watching(dir, () => {
      rmSync(join(dir, "t"), { recursive: true });
      mkdirSync(join(dir, "t/s"), { recursive: true });
      writeFileSync(join(dir, "t/s/f"), "");
      unlinkSync(join(dir, "t/s/f"));
    });
    assert.deepEqual(
      events.map(({ op, path }) => `${op} ${path.slice(dir.length + 1)}`),
      ["delete t/s", "delete t", "create t", "create t/s", "create t/s/f", "delete t/s/f"],
    );
  },
);

test("a name that is created and removed repeatedly is reported each time", options, async (t) => {
  const dir = scratch(t);
  const { events } = await watching(dir, () => {
    for (let i = 0; i < 50; i++) {
      mkdirSync(join(dir, "d"));
      writeFileSync(join(dir, "d/f"), "");
      unlinkSync(join(dir, "d/f"));
      rmdirSync(join(dir, "d"));
    }
  });
  const reported = events.map(({ op, path }) => `${op} ${path.slice(dir.length + 1)}`);
  const once = ["create d", "create d/f", "delete d/f", "delete d"];
  for (const each of once) assert.equal(reported.filter((line) => line === each).length, 50, each);
});

test("a mount over a watched path is reported with its process", named, async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, "m"));
  writeFileSync(join(dir, "m/hidden"), "");
  const { events } = await watching(dir, () => {
    spawnSync("mount", ["-t", "tmpfs", "mayfly-test", join(dir, "m")]);
    spawnSync("sleep", ["0.3"]);
    spawnSync("touch", [join(dir, "m/inside")]);
    spawnSync("umount", [join(dir, "m")]);
  });
  assert.deepEqual(
    events.map(({ op, path, actor }) => `${op} ${path.slice(dir.length + 1)} ${actor.cmdline?.[0]}`).sort(),
    ["create m/inside touch", "mount m mount", "unmount m umount"],
  );
});

test("moves out and in are reported with their new paths", options, async (t) => {
  const dir = scratch(t);
  const elsewhere = scratch(t);
  mkdirSync(join(dir, "d"));
  writeFileSync(join(dir, "d/f"), "");
  const { events } = await watching(dir, () => {
    renameSync(join(dir, "d"), join(elsewhere, "d"));
    renameSync(join(elsewhere, "d"), join(dir, "back"));
    spawnSync("sleep", ["0.2"]);
    unlinkSync(join(dir, "back/f"));
  });
  assert.deepEqual(
    events.map(({ op, path, to, from }) => [op, path, to ?? from]),
    [
      ["rename", join(dir, "d"), join(elsewhere, "d")],
      ["create", join(dir, "back"), join(elsewhere, "d")],
      ["delete", join(dir, "back/f"), undefined],
    ],
  );
});

test("the watched path itself is reported, also if it is created later", options, async (t) => {
  const dir = scratch(t);
  const target = join(dir, "not/yet");
  const { events } = await watching(target, () => {
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, "f"), "");
    writeFileSync(join(dir, "beside"), "");
    rmSync(target, { recursive: true });
  });
  assert.deepEqual(
    events.map(({ op, path }) => `${op} ${path.slice(dir.length + 1)}`),
    ["create not", "create not/yet", "create not/yet/f", "delete not/yet/f", "delete not/yet"],
  );
});

test("the timestamps of a removed file include later changes", options, async (t) => {
  const dir = scratch(t);
  const { events } = await watching(dir, () => {
    mkdirSync(join(dir, "d"));
    utimesSync(join(dir, "d"), 7, 7);
    spawnSync("touch", ["-d", "@9", join(dir, "f")]);
    spawnSync("sleep", ["2"]);
    spawnSync("rm", ["-r", join(dir, "d"), join(dir, "f")]);
  });
  const seconds = events.flatMap(({ op, victim }) =>
    op === "delete" ? [victim && victim.mtime / 1_000_000_000n] : [],
  );
  assert.deepEqual(seconds, [7n, 9n]);
});

for (const without of [[], ["tracepoint"], ["bpf"]] as const) {
  const how = without.length === 0 ? "" : `without ${without.join(" and ")}, `;
  test(
    `${how}all that happened before the end is reported, however much waits to be read`,
    options,
    async (t) => {
      const FILES = 30_000;
      const dir = scratch(t);
      const one = join(dir, "one");
      writeFileSync(one, "");
      const { events } = await watching(
        dir,
        () => {
          // Names of one inode, of which no two events are merged. They come faster than they are read.
          for (let n = 0; n < FILES; n++) linkSync(one, join(dir, `${n}`));
        },
        { without },
      );
      const count = events.reduce((sum, { folded, count = 1 }) => sum + (folded?.count ?? count), 0);
      assert.equal(count, FILES);
    },
  );
}
