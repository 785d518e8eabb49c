/** In a directory of another user, who can rename what root has there, root neither removes nor gives away anything of its own. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { kernelTime, makeUnderTemporaryName, requireNew, temporaryName } from "#src/path/whole.js";
import { Fd, mkdirat, O_DIRECTORY, O_PATH, openat } from "#src/sys/files.js";
import { mayfly } from "../e2e/program.js";
import { needsRoot } from "../requirements.js";
import { scratch } from "../scratch.js";

const ALICE = 65534;
const skip = needsRoot;

/** Alice's directory, with a tree of root's in it that she can move but not remove. */
function aliceWithTreeOfRoot(t: TestContext, owner = ALICE, mode = 0o755): { alice: string; tree: string } {
  const alice = join(scratch(t), "alice");
  const tree = join(alice, "tree");
  mkdirSync(join(tree, "sub"), { recursive: true });
  writeFileSync(join(tree, "sub/file"), "root's");
  chmodSync(tree, 0o700);
  chownSync(alice, owner, owner);
  chmodSync(alice, mode);
  return { alice, tree };
}

/** The temporary name of `made` in a directory of root's own: anybody can compute it. */
function guessed(t: TestContext): string {
  using dir = openat(Fd.cwd, bytes(scratch(t)), O_PATH | O_DIRECTORY);
  return String(temporaryName(dir, bytes("made")));
}

for (const line of [
  "d @/made 0755 65534 65534",
  "p @/made",
  "L @/made - - - - x",
  "C @/made - - - - /etc/hostname",
])
  for (const [owner, mode] of [
    [ALICE, 0o755],
    [0, 0o777],
    [0, 0o2775],
  ] as const)
    test(`what another user moved to the temporary name stays: ${line}, mode ${mode.toString(8)}`, {
      skip,
    }, (t) => {
      const { alice, tree } = aliceWithTreeOfRoot(t, owner, mode);
      const moved = join(alice, guessed(t));
      renameSync(tree, moved);
      mayfly(["tmpfiles", "--create", "--inline", line.replace("@", alice)]);
      assert.equal(existsSync(join(moved, "sub/file")), true);
      assert.equal(lstatSync(moved).uid, 0);
    });

test("in a directory where others can rename, nothing has a temporary name", { skip }, (t) => {
  const { alice } = aliceWithTreeOfRoot(t);
  using dir = openat(Fd.cwd, bytes(alice), O_PATH | O_DIRECTORY);
  assert.equal(temporaryName(dir, bytes("made")), undefined);
  const make = (into: Fd, name: Bytes): undefined => void mkdirat(into, name, 0o700);
  assert.equal(makeUnderTemporaryName(dir, bytes("made"), make, { adjust: () => assert.fail() }), undefined);
});

test("an inode that is older than the call that should have made it is refused", (t) => {
  const directory = scratch(t);
  using dir = openat(Fd.cwd, bytes(directory), O_PATH | O_DIRECTORY);
  const now = kernelTime();
  requireNew(dir, now);
  assert.throws(() => requireNew(dir, now + 10_000_000_000n), /was replaced while it was created/);
});
