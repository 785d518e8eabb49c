import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { type Directory, DirectoryModel } from "#src/inspect/watch/directory-model.js";

function tree(): { model: DirectoryModel; top: Directory; sub: Directory } {
  const model = new DirectoryModel();
  const top = model.addRoot("top", bytes("/w"));
  model.put(top, bytes("sub"), "directory", "sub");
  const sub = model.find("sub");
  assert.ok(sub);
  return { model, top, sub };
}

test("a directory's path follows its renames", () => {
  const { model, top, sub } = tree();
  model.put(sub, bytes("deep"), "directory", "deep");
  model.move(top, bytes("sub"), top, bytes("moved"));
  assert.equal(model.pathOf(model.find("deep") as Directory), "/w/moved/deep");
});

test("a removed directory can still be found by its key", () => {
  const { model, top } = tree();
  model.remove(top, bytes("sub"));
  const dead = model.find("sub");
  assert.equal(dead && model.pathOf(dead), "/w/sub");
  model.sweep(performance.now() + 60_000);
  assert.equal(model.find("sub"), undefined);
});

test("a directory that is created again under the same name is a different one", () => {
  const { model, top, sub } = tree();
  model.put(sub, bytes("old"), "file");
  model.remove(top, bytes("sub"));
  model.put(top, bytes("sub"), "directory", "sub, again");
  assert.equal(model.find("sub, again")?.entries.size, 0);
  assert.notEqual(model.find("sub"), model.find("sub, again"));
});

test("a move reports what it replaced", () => {
  const { model, top } = tree();
  for (const name of ["a", "b"] as Bytes[]) model.put(top, name, "file");
  const replaced = top.entries.get("b" as Bytes);
  assert.equal(model.move(top, "a" as Bytes, top, "b" as Bytes), replaced);
  assert.deepEqual([...top.entries.keys()], ["sub", "b"]);
});

test("forgetting a directory forgets all below it, however deep", () => {
  const { model, top, sub } = tree();
  let at = sub;
  for (let depth = 0; depth < 20_000; depth++) {
    model.put(at, bytes("d"), "directory", `d${depth}`);
    at = model.find(`d${depth}`) as Directory;
  }
  model.forget(top);
  assert.equal(model.size, 0);
});
