import assert from "node:assert/strict";
import { chownSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { failedWith, UnsafePathError } from "#src/base/errors.js";
import { isBelowAutofs, requireNormalized, resolve, resolvePartial } from "#src/path/resolve.js";
import type { Fd } from "#src/sys/files.js";
import { chown as chownHeld, statx } from "#src/sys/inode.js";
import { scratch } from "../../scratch.js";

const dir = scratch({ after }, "/var/tmp");
const root = bytes(dir);
const host = "/" as Bytes;
const at = (path: string): Bytes => bytes(`${dir}/${path}`);
const needsRoot = process.getuid?.() !== 0 && "only root may give files away";

const inodeOf = (path: string): bigint => lstatSync(path, { bigint: true }).ino;
function found(base: Bytes, path: Bytes, { follow = true, safe = false } = {}): bigint {
  using fd = resolve(base, path, { follow, safe });
  return statx(fd).inode;
}

mkdirSync(`${dir}/a/b/c`, { recursive: true });
mkdirSync(`${dir}/etc`);
writeFileSync(`${dir}/etc/passwd`, "");
symlinkSync("/etc/passwd", `${dir}/a/absolute`);
symlinkSync("b/c", `${dir}/a/relative`);
symlinkSync("../../../../../../..", `${dir}/a/up`);
symlinkSync("nowhere/x", `${dir}/a/dangling`);

test("symlinks, . and .. resolve as in the kernel", () => {
  assert.equal(found(host, at("a/relative")), inodeOf(`${dir}/a/b/c`));
  assert.equal(found(host, at("a/relative"), { follow: false }), inodeOf(`${dir}/a/relative`));
  assert.equal(found(host, at("a/b/../relative/..")), inodeOf(`${dir}/a/b`));
  assert.equal(found(host, at("a/absolute")), inodeOf("/etc/passwd"));
});

test("below a root, no path leads out of it", () => {
  assert.equal(found(root, at("a/absolute")), inodeOf(`${dir}/etc/passwd`));
  assert.equal(found(root, at("a/up")), inodeOf(dir));
  assert.equal(found(root, at("../../..")), inodeOf(dir));
  assert.throws(() => resolve(root, "/etc" as Bytes, { follow: true }), {
    name: "UnsafePathError",
    code: "ESCAPED_ROOT",
  });
});

test("the missing rest of a path is returned", () => {
  const { fd, missing } = resolvePartial(host, at("a/b/x/y"), { follow: true });
  using reached = fd;
  assert.equal(reached.path, at("a/b"));
  assert.deepEqual(missing, ["x", "y"]);
  assert.throws(
    () => resolvePartial(host, at("a/dangling/y"), { follow: true }),
    (error) => failedWith(error, "ENOENT"),
  );
});

test("symlink loops and long chains fail with ELOOP, after 128 steps", () => {
  symlinkSync("circle", `${dir}/circle`);
  assert.throws(() => resolve(host, at("circle"), { follow: true }), { code: "ELOOP" });
  const chain = (length: number): Bytes => bytes(`/${"../".repeat(length)}`);
  assert.doesNotThrow(() => resolve(host, chain(128), { follow: true }).close());
  assert.throws(() => resolve(host, chain(129), { follow: true }), { code: "ELOOP" });
});

test("a step from one user's inode to another's is refused", { skip: needsRoot }, () => {
  mkdirSync(`${dir}/user/own`, { recursive: true });
  mkdirSync(`${dir}/user/other`);
  symlinkSync(`${dir}/etc`, `${dir}/user/link`);
  symlinkSync("../etc", `${dir}/user/up`);
  symlinkSync("own", `${dir}/user/fine`);
  for (const path of ["user", "user/own"]) chownSync(`${dir}/${path}`, 65534, 65534);
  // Their own, as a user's symlinks are.
  for (const path of ["link", "up", "fine"]) chown(`${dir}/user/${path}`);
  assert.equal(found(host, at("user/fine"), { safe: true }), inodeOf(`${dir}/user/own`));
  for (const path of ["user/other", "user/link", "user/up/passwd", "user/own/../../etc"]) {
    assert.throws(
      () => resolve(host, at(path), { follow: true }),
      (error) => error instanceof UnsafePathError && error.code === "UNSAFE_TRANSITION",
      path,
    );
    resolve(host, at(path), { follow: true, safe: false }).close();
  }
});

function chown(path: string): void {
  using link = resolve(host, bytes(path), { follow: false, safe: false });
  chownHeld(link, 65534, 65534);
}

/** Resolves while `meanwhile` runs as soon as `name` has been looked at. */
function foundWhile(base: Bytes, path: Bytes, name: string, meanwhile: () => void): bigint {
  let pending = true;
  const inspect = (fd: Fd): void => {
    if (!pending || !fd.path.endsWith(name)) return;
    pending = false;
    meanwhile();
  };
  using fd = resolve(base, path, { follow: true, safe: false, inspect });
  return statx(fd).inode;
}

test(".. leads to the parent that was opened, even if the directory was moved out of the root", () => {
  for (const path of ["in/a/b/link/secret", "in/a/b/../../secret"]) {
    mkdirSync(`${dir}/out/pub`, { recursive: true });
    mkdirSync(`${dir}/in/a/b`, { recursive: true });
    for (const secret of ["out/secret", "in/secret"]) writeFileSync(`${dir}/${secret}`, secret);
    symlinkSync("../..", `${dir}/in/a/b/link`);
    const moved = (): void => renameSync(`${dir}/in/a/b`, `${dir}/out/pub/b`);
    const inode = foundWhile(at("in"), at(path), path.includes("link") ? "/link" : "/b", moved);
    assert.equal(inode, inodeOf(`${dir}/in/secret`), path);
    for (const each of ["in", "out"]) rmSync(`${dir}/${each}`, { recursive: true });
  }
});

test("a symlink is followed as it was when it was checked", () => {
  mkdirSync(`${dir}/swap`);
  symlinkSync("../a", `${dir}/swap/good`);
  symlinkSync("../etc", `${dir}/swap/evil`);
  const swap = (): void => renameSync(`${dir}/swap/evil`, `${dir}/swap/good`);
  assert.equal(foundWhile(host, at("swap/good"), "/good", swap), inodeOf(`${dir}/a`));
});

test("the magic links of /proc are resolved by their text", () => {
  using held = resolve(host, at("a/b"), { follow: true });
  const link = bytes(`/proc/self/fd/${held.number}`);
  assert.equal(found(host, link), inodeOf(`${dir}/a/b`));
  symlinkSync("/proc/self/root/etc", `${dir}/a/magic`);
  assert.throws(() => found(root, at("a/magic")), { code: "ENOENT" });
});

test("a file has no parent: ENOTDIR, as from the kernel", () => {
  assert.throws(() => found(host, at("etc/passwd/..")), { code: "ENOTDIR" });
  assert.throws(() => found(host, at("etc/passwd/x")), { code: "ENOTDIR" });
});

test("paths that are not normalized are refused", () => {
  assert.throws(() => requireNormalized(at("a/../b")), { code: "NOT_NORMALIZED" });
  assert.throws(() => requireNormalized(at("x".repeat(256))), { code: "NOT_NORMALIZED" });
  assert.throws(() => requireNormalized(at("x/".repeat(2048))), { code: "NOT_NORMALIZED" });
  requireNormalized(at("a/...b/..c"));
});

test("only paths below an automount point are reported as such", () => {
  assert.equal(isBelowAutofs(host, at("a/b/c/missing")), false);
});
