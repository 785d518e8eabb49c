/** The table of SECURITY.md: whose symlinks and directories may lead where. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, lchownSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { after, test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { UnsafePathError } from "#src/base/errors.js";
import { resolve } from "#src/path/resolve.js";
import { isUnsafeTransition, mayFollow } from "#src/path/transition.js";
import { scratch } from "../../scratch.js";

const [ROOT, ALICE, BOB] = [0, 1001, 1002];
const OWNERS = [ROOT, ALICE, BOB];
const MODES = { plain: 0o40755, group: 0o42775, open: 0o40777, stickyGroup: 0o41775, sticky: 0o41777 };

test("trust never grows: from a user's inode only to the same user's", () => {
  for (const from of OWNERS)
    for (const to of OWNERS)
      assert.equal(
        isUnsafeTransition({ uid: from }, { uid: to }),
        from !== ROOT && from !== to,
        `${from} ${to}`,
      );
});

test("symlinks are followed as with fs.protected_symlinks", () => {
  for (const [name, mode] of Object.entries(MODES))
    for (const directory of OWNERS)
      for (const link of OWNERS)
        for (const follower of OWNERS) {
          const expected = name !== "sticky" || link === follower || link === directory;
          const actual = mayFollow({ uid: directory, mode }, { uid: link }, follower);
          assert.equal(actual, expected, `${name} of ${directory}, link of ${link}, follower ${follower}`);
        }
});

const dir = scratch({ after }, "/var/tmp");
chmodSync(dir, 0o755);
const needsRoot = process.getuid?.() !== 0 && "only root may give files away";
const HOST = "/" as Bytes;

function directory(path: string, owner: number, mode = 0o755): string {
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, owner, owner);
  return path;
}

function symlink(path: string, target: string, owner: number): string {
  symlinkSync(target, path);
  lchownSync(path, owner, owner);
  return path;
}

function isRefused(path: string, root = HOST): boolean {
  try {
    resolve(root, bytes(path), { follow: true }).close();
    return false;
  } catch (error) {
    if (error instanceof UnsafePathError && error.code === "UNSAFE_TRANSITION") return true;
    throw error;
  }
}

/** By the text of SECURITY.md, and not by the code: whether root may go from the directory through the link to the target. */
function mayGo(mode: number, holder: number, link: number, absolute: boolean, target: number): boolean {
  if (holder !== ROOT && holder !== link) return false;
  if (mode === 0o1777 && link !== ROOT && link !== holder) return false;
  // The way to an absolute target begins in root's "/".
  if (link !== ROOT && absolute) return false;
  return link === ROOT || link === target;
}

test("each owner of the directory, the symlink and the target, relative and absolute", {
  skip: needsRoot,
}, () => {
  let at = 0;
  for (const mode of [0o755, 0o2775, 0o777, 0o1775, 0o1777])
    for (const holder of OWNERS)
      for (const link of OWNERS)
        for (const absolute of [false, true])
          for (const target of OWNERS) {
            const place = directory(`${dir}/${at++}`, holder, mode);
            directory(`${place}/target`, target);
            const path = symlink(`${place}/link`, absolute ? `${place}/target` : "target", link);
            // Root's "/", where an absolute target begins, leads on to the holder's directory.
            const reaches = !absolute || holder === ROOT || holder === target;
            const expected = mayGo(mode, holder, link, absolute, target) && reaches;
            const what = `${mode.toString(8)} of ${holder}, link of ${link}, ${absolute ? "absolute" : "relative"}, target of ${target}`;
            assert.equal(isRefused(path), !expected, what);
            assert.equal(isRefused(`${path}/`), !expected, what);
          }
});

test("a symlink to its own directory counts as a step", { skip: needsRoot }, () => {
  const place = directory(`${dir}/itself`, ROOT);
  for (const target of [".", "./.", "own/..", "..", "../itself"]) {
    const path = symlink(`${place}/link`, target, ALICE);
    if (target === "own/..") directory(`${place}/own`, ALICE);
    assert.ok(isRefused(path), target);
    assert.ok(isRefused(`${path}/missing/below`), target);
    if (target !== "../itself") assert.ok(isRefused(path, bytes(place)), `${target} inside a root`);
    rmSync(path);
  }
});

test("each symlink of a chain is checked", { skip: needsRoot }, () => {
  const place = directory(`${dir}/chain`, ROOT);
  directory(`${place}/target`, ROOT);
  directory(`${place}/alice`, ALICE);
  symlink(`${place}/a`, "target", ROOT);
  symlink(`${place}/b`, "a", ALICE);
  symlink(`${place}/c`, "b", ROOT);
  symlink(`${place}/d`, "alice", ALICE);
  symlink(`${place}/e`, "d", ROOT);
  assert.deepEqual(
    ["a", "b", "c", "d", "e"].map((name) => isRefused(`${place}/${name}`)),
    [false, true, true, false, false],
  );
});

test("a refusal names the path, the symlink, its owner and the fix", { skip: needsRoot }, () => {
  const place = directory(`${dir}/words`, ROOT, 0o1777);
  const path = symlink(`${place}/app`, "../etc", ALICE);
  assert.throws(() => resolve(HOST, bytes(`${path}/x`), { follow: true }), {
    code: "UNSAFE_TRANSITION",
    path: `${path}/x`,
    message: `${path}/x: detected unsafe path transition ${place} (sticky and world-writable, owned by uid 0) -> ${path} (symlink, owned by uid ${ALICE}); any user could have created it: remove it, or use the path of its target`,
  });
});
