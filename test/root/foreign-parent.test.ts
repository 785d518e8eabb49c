/** In a directory of another user, who can rename what root has there, root neither removes nor gives away anything of its own. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { kernelTime, makeUnderTemporaryName, requireNew } from "#src/path/whole.js";
import { temporaryName } from "#src/path/workplace.js";
import { Fd, mkdirat, O_DIRECTORY, O_PATH, openat } from "#src/sys/files.js";
import { S_IFDIR, S_IFREG } from "#src/sys/inode.js";
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

const makeDirectory = (dir: Fd, name: Bytes): undefined => void mkdirat(dir, name, 0o700);
const openAlice = (alice: string): Fd => openat(Fd.cwd, bytes(alice), O_PATH | O_DIRECTORY);

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

test("in a directory where others can rename, a new inode is in a private directory until it is complete", {
  skip,
}, (t) => {
  const { alice } = aliceWithTreeOfRoot(t);
  const room = join(alice, guessed(t));
  using dir = openAlice(alice);
  assert.equal(temporaryName(dir, bytes("made")), undefined);
  const adjust = (): void => {
    assert.equal(lstatSync(room).mode & 0o7777, 0o700);
    assert.deepEqual(readdirSync(alice).sort(), [basename(room), "tree"]);
  };
  makeUnderTemporaryName(dir, bytes("made"), makeDirectory, { adjust })?.fd.close();
  assert.deepEqual(readdirSync(alice).sort(), ["made", "tree"]);
});

test("what a killed run left in a private directory is removed by the next one", { skip }, (t) => {
  const { alice } = aliceWithTreeOfRoot(t);
  const room = join(alice, guessed(t));
  using dir = openAlice(alice);
  mkdirSync(room, { mode: 0o700 });
  makeDirectory(dir, bytes(`${basename(room)}/.mayfly-unfinished`));
  writeFileSync(join(room, ".mayfly-unfinished/file"), "");
  makeUnderTemporaryName(dir, bytes("made"), makeDirectory, { adjust: () => {} })?.fd.close();
  assert.deepEqual(readdirSync(alice).sort(), ["made", "tree"]);
  assert.deepEqual(readdirSync(join(alice, "made")), []);
});

function makeSource(t: TestContext): string {
  const source = scratch(t);
  writeFileSync(join(source, "file"), "");
  return source;
}

for (const line of ["d @/made", "C @/made - - - - %"])
  test(`the private directory of a run that was killed just after its end is removed: ${line}`, {
    skip,
  }, (t) => {
    const { alice } = aliceWithTreeOfRoot(t);
    mkdirSync(join(alice, guessed(t)), { mode: 0o700 });
    cpSync(join(alice, "tree"), join(alice, "made"), { recursive: true });
    const written = line.replace("@", alice).replace("%", makeSource(t));
    assert.equal(mayfly(["tmpfiles", "--create", "--inline", written]).status, 0);
    assert.deepEqual(readdirSync(alice).sort(), ["made", "tree"]);
  });

for (const [what, put] of [
  ["a directory that others can use", (room: string) => mkdirSync(room, { mode: 0o711 })],
  ["the other user's directory", (room: string) => [mkdirSync(room), chownSync(room, ALICE, ALICE)]],
  ["a symlink", (room: string) => symlinkSync(".", room)],
  ["a file", (room: string) => writeFileSync(room, "", { mode: 0o600 })],
] as const)
  test(`nothing is created in ${what} in place of the private directory`, { skip }, (t) => {
    const { alice } = aliceWithTreeOfRoot(t);
    const room = join(alice, guessed(t));
    using dir = openAlice(alice);
    put(room);
    const before = lstatSync(room);
    const adjust = (): void => {
      const [other] = readdirSync(alice).filter((name) => name.startsWith(`${basename(room)}-`));
      assert.deepEqual(readdirSync(join(alice, String(other))), [".mayfly-unfinished"]);
    };
    makeUnderTemporaryName(dir, bytes("made"), makeDirectory, { adjust })?.fd.close();
    assert.equal(lstatSync(room).ino, before.ino);
    assert.deepEqual(readdirSync(alice).sort(), [basename(room), "made", "tree"]);
  });

test("a tree that is copied into its own source is copied without the private directory", { skip }, (t) => {
  const { alice } = aliceWithTreeOfRoot(t);
  mkdirSync(join(alice, "x"));
  chownSync(join(alice, "x"), ALICE, ALICE);
  const line = `C ${alice}/x/copy - - - - ${alice}`;
  const { status, stderr } = mayfly(["tmpfiles", "--create", "--inline", line]);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(readdirSync(join(alice, "x")), ["copy"]);
  const copied = readdirSync(join(alice, "x/copy"), { recursive: true });
  assert.deepEqual(copied.sort(), ["tree", "tree/sub", "tree/sub/file", "x"]);
});

test("an inode of another type, or older than the call that should have made it, is refused", (t) => {
  const directory = scratch(t);
  using dir = openAlice(directory);
  const now = kernelTime();
  requireNew(dir, now, S_IFDIR);
  assert.throws(() => requireNew(dir, now, S_IFREG), /was replaced while it was created/);
  assert.throws(() => requireNew(dir, now + 10_000_000_000n, S_IFDIR), /was replaced while it was created/);
});
