import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { loadItemsSync } from "#src/tmpfiles/config/items.js";
import type { LoadOptions } from "#src/tmpfiles/model/options.js";
import { scratch } from "../../../scratch.js";

const loadLines = (lines: readonly string[], options: LoadOptions = {}) =>
  loadItemsSync({ args: lines.map(bytes), inline: true, environment: {}, ...options });
const codes = (lines: readonly string[], options?: LoadOptions): string[] =>
  loadLines(lines, options).diagnostics.map((diagnostic) => diagnostic.code);

test("items of one path form a group, the owning ones first", () => {
  const { exact, globs } = loadLines([
    "d /run/a 0755",
    "z /run/a 0700",
    "x /run/a",
    "e /run/b",
    "d /run/a 0755",
  ]);
  assert.deepEqual(
    exact.map((group) => group.items.map((item) => item.letter)),
    [["d", "d"]],
  );
  assert.deepEqual(
    globs.map((group) => [group.path, group.items.map((item) => item.letter)]),
    [
      ["/run/a", ["x", "z"]],
      ["/run/b", ["e"]],
    ],
  );
});

test("the earlier of two conflicting lines wins", () => {
  const { exact, diagnostics } = loadLines(["d /run/a 0755", "d /run/a 0700"]);
  assert.equal(exact[0]?.items[0]?.mode?.bits, 0o755);
  assert.deepEqual(
    diagnostics.map(({ code, line, column }) => [code, line, column]),
    [["duplicate", 2, 3]],
  );
  assert.deepEqual(codes(["w+ /run/a - - - - x", "w+ /run/a - - - - y", "w /run/a - - - - z"]), [
    "duplicate",
  ]);
});

test("a plus sign allows two lines for a path only if the line type appends", () => {
  assert.deepEqual(codes(["x+ /run/a 0755", "X+ /run/a"]), ["duplicate"]);
  assert.deepEqual(codes(["f+ /run/a - - - - x", "f+ /run/a - - - - y"]), ["duplicate"]);
  assert.deepEqual(codes(["a+ /run/a - - - - u:root:r", "a+ /run/a - - - - u:root:w"]), []);
});

test("groups are linked to the nearest above, never to the root directory", () => {
  const { exact, globs } = loadLines(["d /", "d /run/a/b/c", "d /run", "e /run/a/*", "e /run/a"]);
  assert.equal(exact[1]?.parent?.path, "/run/a");
  assert.deepEqual(
    exact[2]?.children.map((group) => group.path),
    ["/run/a"],
  );
  assert.equal(exact[2]?.parent, undefined);
  assert.equal(globs[0]?.parent?.path, "/run/a");
  const below = loadLines(["d /", "d /a"], { root: tmpdir() as Bytes });
  assert.deepEqual(
    below.exact.map((group) => [group.path, group.parent]),
    [
      [tmpdir(), undefined],
      [`${tmpdir()}/a`, undefined],
    ],
  );
});

test("X has the age of the first line above it, but not its first level", (t) => {
  const root = scratch(t);
  const file = join(root, "ages.conf");
  const age = (lines: string[]) => {
    writeFileSync(file, lines.join("\n"));
    return loadItemsSync({ args: [bytes(file)], environment: {} }).globs[0]?.items[0]?.age;
  };
  assert.equal(age(["d /a - - - 3d", "d /a/b - - - 2d", "X /a/b/c"])?.span, 3n * 86_400_000_000_000n);
  assert.equal(age(["d /a - - - ~m:3d", "X /a/b/c"])?.keepFirstLevel, false);
  assert.equal(age(["d /a - - - m:3d", "X /a/b/c"])?.byFile, 8);
  assert.equal(age(["d /a", "X /a/b/c - - - 1s"])?.span, 1_000_000_000n);
  assert.equal(age(["d /a/b - - - 1d", "d /a/c - - - 2d", "X /a/*"]), undefined);
  // Ages are shared when a file has been read; lines from the command line are in none.
  assert.equal(loadLines(["d /a - - - 3d", "X /a/b"]).globs[0]?.items[0]?.age, undefined);
  // A service has a directory of credentials, mostly without one for this.
  const environment = { CREDENTIALS_DIRECTORY: root };
  const lines = ["d /a - - - 3d", "X /a/b"];
  assert.equal(loadLines(lines, { environment }).globs[0]?.items[0]?.age, undefined);
  writeFileSync(join(root, "tmpfiles.extra"), "");
  assert.equal(loadLines(lines, { environment }).globs[0]?.items[0]?.age?.span, 3n * 86_400_000_000_000n);
});

test("an invalid line is ignored, an invalid argument stops everything", () => {
  const wrong = loadLines(["d relative", "d /run/a"]);
  assert.deepEqual([wrong.invalid, wrong.aborted, wrong.exact.length], [true, false, 1]);
  const unsafe = loadLines(["f~ /run/a - - - - !", "d /run/b"]);
  assert.deepEqual([unsafe.invalid, unsafe.aborted, unsafe.exact.length], [false, true, 0]);
});

test("configuration comes by name from the directory of the highest priority", (t) => {
  const root = scratch(t);
  const put = (path: string, text: string): void => writeFileSync(join(root, path), text);
  for (const directory of ["etc/tmpfiles.d", "usr/lib/tmpfiles.d"])
    mkdirSync(join(root, directory), { recursive: true });
  put("etc/tmpfiles.d/b.conf", "d /from-etc\n");
  put("usr/lib/tmpfiles.d/b.conf", "d /hidden\n");
  put("usr/lib/tmpfiles.d/a.conf", "d /first\n");
  put("usr/lib/tmpfiles.d/c.conf", "d /masked\n");
  put("usr/lib/tmpfiles.d/d.txt", "d /not-conf\n");
  symlinkSync("/dev/null", join(root, "etc/tmpfiles.d/c.conf"));
  const load = (options: LoadOptions) =>
    loadItemsSync({ root: bytes(root), environment: {}, ...options }).exact.map((group) =>
      group.path.slice(root.length),
    );
  assert.deepEqual(load({}), ["/first", "/from-etc"]);
  assert.deepEqual(load({ args: ["b.conf" as Bytes] }), ["/from-etc"]);
  const inline = { args: ["d /given" as Bytes], inline: true };
  assert.deepEqual(load({ ...inline, replace: "/usr/lib/tmpfiles.d/a.conf" as Bytes }), [
    "/given",
    "/from-etc",
  ]);
  assert.deepEqual(load({ ...inline, replace: "/usr/lib/tmpfiles.d/b.conf" as Bytes }), [
    "/first",
    "/from-etc",
  ]);
});

test("a directory that is a file, or an unreadable file, is a failure, and the rest is used", (t) => {
  const root = scratch(t);
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/tmpfiles.d"), "d /no\n");
  mkdirSync(join(root, "run/tmpfiles.d"), { recursive: true });
  writeFileSync(join(root, "run/tmpfiles.d/a.conf"), "d /counts\n");
  symlinkSync("loop.conf", join(root, "run/tmpfiles.d/loop.conf"));
  const { exact, diagnostics, failed, aborted } = loadItemsSync({ root: bytes(root), environment: {} });
  assert.deepEqual(
    exact.map((group) => group.path),
    [`${root}/counts`],
  );
  assert.deepEqual(
    diagnostics.map(({ code, file }) => `${code} ${file.slice(root.length)}`),
    ["unreadable-file /etc/tmpfiles.d", "unreadable-file /run/tmpfiles.d/loop.conf"],
  );
  assert.deepEqual([failed, aborted], [true, false]);
});

test("a link among the configuration of a root resolves inside the root", (t) => {
  const root = scratch(t);
  for (const directory of ["etc/tmpfiles.d", "shared"]) mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, "shared/a"), "d /inside\n");
  symlinkSync("/shared/a", join(root, "etc/tmpfiles.d/a.conf"));
  symlinkSync("../../../../../../../../shared/a", join(root, "etc/tmpfiles.d/b.conf"));
  const { exact, failed } = loadItemsSync({ root: bytes(root), environment: {} });
  assert.deepEqual([exact.map((group) => group.items.length), failed], [[2], false]);
});

test("an empty name is nobody below a root, which --graceful passes over, and no name at all on the host", (t) => {
  const root = scratch(t);
  for (const line of ["d /a 0755 - :", "d /a 0755 :"]) {
    const field = line.endsWith("- :") ? "group" : "user";
    assert.deepEqual(codes([line], { graceful: true }), [`unknown-${field}`]);
    assert.deepEqual(codes([line], { root: bytes(root) }), [`unknown-${field}`]);
    assert.deepEqual(codes([line], { root: bytes(root), graceful: true }), ["missing-account"]);
  }
});
