/** The model of the watched directories survives any sequence of events: lost, late, repeated and contradictory ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { type Directory, DirectoryModel } from "#src/inspect/watch/directory-model.js";
import { Tracker } from "#src/inspect/watch/tracker.js";
import { FAN_CREATE, FAN_DELETE, FAN_ONDIR, FAN_RENAME, type InodeKey } from "#src/sys/fanotify.js";

const KEYS = ["top", "a", "b", "c", "d", "e"];
const NAMES = ["a", "b", "c"].map(bytes);
const LONGEST = 16 * 1024 + 4;

const key = fc.constantFrom(...KEYS) as fc.Arbitrary<InodeKey>;
const name = fc.constantFrom(...NAMES);
const place = fc.record({ directory: key, name });

/** One event as the kernel could report it, true or not; a bind mount shows a known directory at a second place. */
const event = fc.oneof(
  fc.record({ kind: fc.constant("create" as const), at: place, target: key }),
  fc.record({ kind: fc.constant("delete" as const), at: place, target: key }),
  fc.record({ kind: fc.constant("rename" as const), from: place, to: place, target: key }),
  fc.record({ kind: fc.constant("exchange" as const), from: place, to: place, target: key }),
  fc.record({ kind: fc.constant("moved out" as const), from: place, target: key }),
  fc.record({ kind: fc.constant("moved in" as const), to: place, target: key }),
  fc.record({ kind: fc.constant("mount" as const), at: place, target: key }),
  fc.record({ kind: fc.constant("sweep" as const) }),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function start(): { model: DirectoryModel; tracker: Tracker } {
  const model = new DirectoryModel();
  model.addRoot("top", bytes("/w"));
  const tracker = new Tracker(model, [bytes("/w")], {
    enterAt: () => undefined,
    isAt: () => false,
    locate: () => undefined,
    // A scan sees the contents of a directory as they are later.
    explore(_path, directory) {
      for (const [at, each] of NAMES.entries()) model.put(directory, each, "directory", KEYS[at + 1]);
      return [];
    },
  });
  return { model, tracker };
}

function happen(model: DirectoryModel, tracker: Tracker, each: Event): void {
  const base = { pid: 1, fd: -1 };
  if (each.kind === "sweep") model.sweep(performance.now() + 60_000);
  else if (each.kind === "mount") {
    const directory = model.find(each.at.directory);
    if (directory !== undefined) model.put(directory, each.at.name, "directory", each.target);
  } else if (each.kind === "create") tracker.apply({ ...base, ...each, mask: FAN_CREATE | FAN_ONDIR });
  else if (each.kind === "delete") tracker.apply({ ...base, ...each, mask: FAN_DELETE | FAN_ONDIR });
  else tracker.apply({ ...base, ...each, mask: FAN_RENAME | FAN_ONDIR });
  if (each.kind === "exchange")
    tracker.apply({ ...base, mask: FAN_RENAME | FAN_ONDIR, from: each.to, to: each.from });
}

/** The number of steps from a directory to its top, none more than there are directories. */
function assertForest(model: DirectoryModel): void {
  for (const each of KEYS) {
    const directory = model.find(each);
    const seen = new Set<Directory>();
    for (let at = directory; at !== undefined; at = at.parent) {
      assert.ok(!seen.has(at), `${each} lies below itself`);
      seen.add(at);
    }
    if (directory !== undefined) assert.ok(model.pathOf(directory).length <= LONGEST);
  }
}

test("no sequence of events makes a cycle", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const { model, tracker } = start();
      for (const [at, each] of events.entries()) {
        happen(model, tracker, each);
        if (at % 5 === 0) tracker.take();
        assertForest(model);
      }
      for (const { path } of tracker.take()) assert.ok(path.startsWith("/"), path);
    }),
    { numRuns: 2_000 },
  );
});

test("a rename that a scan already saw does not remove the directory from the model", () => {
  const { model, tracker } = start();
  const top = model.find("top") as Directory;
  model.put(top, bytes("a"), "directory", "a");
  model.put(model.find("a") as Directory, bytes("b"), "directory", "b");
  const rename = { from: { directory: "top", name: "b" }, to: { directory: "a", name: "b" }, target: "b" };
  tracker.apply({ pid: 1, fd: -1, mask: FAN_RENAME | FAN_ONDIR, ...rename } as never);
  assert.deepEqual(
    tracker.take().map(({ op, path, to }) => [op, path, to]),
    [["rename", "/w/b", "/w/a/b"]],
  );
  assert.ok(model.living("b"));
});

test("a path that is longer than any system call accepts is cut", () => {
  const model = new DirectoryModel();
  let at = model.addRoot("0", bytes("/w"));
  for (let depth = 1; depth < 1_000; depth++) {
    model.put(at, "n".repeat(255) as Bytes, "directory", `${depth}`);
    at = model.find(`${depth}`) as Directory;
  }
  const path = model.pathOf(at);
  assert.ok(path.startsWith("/w/nnn") && path.endsWith("/..."));
  assert.ok(path.length < 17_000);
});
