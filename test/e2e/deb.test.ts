/** The Debian package: what is in it, and that its program runs from where it was unpacked. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { needsPrograms } from "../requirements.js";
import { ROOT, Scratch, start } from "./program.js";

const SCRIPT = join(ROOT, "build/scripts/package/deb.js");
const skip = needsPrograms("dpkg-deb");

function build(directory: string): string {
  const { status, stdout, stderr } = start(process.execPath, [SCRIPT, directory], {
    env: { SOURCE_DATE_EPOCH: "1700000000" },
  });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.trim();
}

test("the package is complete, belongs to root, and runs", { skip }, () => {
  using scratch = new Scratch();
  const file = build(scratch.path);
  const root = join(scratch.path, "root");
  assert.equal(start("dpkg-deb", ["--raw-extract", file, root]).status, 0);
  assert.equal(readlinkSync(join(root, "usr/bin/mayfly")), "../lib/mayfly/bin/mayfly.js");
  const documentation = join(root, "usr/share/doc/mayfly");
  for (const path of ["copyright", "changelog.Debian.gz", "examples/prometheus/mayfly.rules.yml"])
    assert.ok(existsSync(join(documentation, path)), path);
  const notices = gunzipSync(readFileSync(join(documentation, "THIRD-PARTY-NOTICES.gz"))).toString();
  assert.match(notices, /^prom-client /m);
  for (const path of [
    "man/man1/mayfly-serve.1.gz",
    "bash-completion/completions/mayfly",
    "zsh/vendor-completions/_mayfly",
  ])
    assert.ok(existsSync(join(root, "usr/share", path)), path);
  const owners = start("dpkg-deb", ["--contents", file]).stdout.trim().split("\n");
  assert.deepEqual(
    owners.filter((line) => !/ root\/root /.test(line)),
    [],
  );
  assert.deepEqual(
    owners.filter((line) => /^[-d].{7}w/.test(line)),
    [],
  );
  const control = readFileSync(join(root, "DEBIAN/control"), "utf8");
  assert.match(control, /^Depends: nodejs \(>= 20\.19\)/m);
  const old = join(scratch.path, "old");
  writeFileSync(old, "");
  utimesSync(old, 0, 0);
  const program = join(root, "usr/bin/mayfly");
  const clean = [
    "clean",
    old,
    "--older-than",
    "1d",
    "--age-by",
    "m",
    "--metrics-file",
    join(scratch.path, "m.prom"),
  ];
  const { status, stderr } = start(process.execPath, [program, ...clean]);
  assert.deepEqual([status, stderr, existsSync(old)], [0, "", false]);
});

test("the same content gives the same package", { skip }, () => {
  using scratch = new Scratch();
  const first = readFileSync(build(scratch.path));
  const second = readFileSync(build(scratch.path));
  assert.ok(first.equals(second));
  assert.ok(first.length < 2 << 20);
});

test("lintian finds no error and no warning", { skip: needsPrograms("dpkg-deb", "lintian") }, () => {
  using scratch = new Scratch();
  const file = build(scratch.path);
  assert.equal(start("lintian", ["--fail-on", "error,warning", "--allow-root", file]).stdout, "");
});

test("the scripts of the package are valid, and purging removes what runs left", { skip }, () => {
  using scratch = new Scratch();
  const root = join(scratch.path, "root");
  start("dpkg-deb", ["--raw-extract", build(scratch.path), root]);
  for (const script of ["DEBIAN/prerm", "DEBIAN/postrm", "usr/lib/mayfly/divert-systemd-tmpfiles"]) {
    assert.equal(statSync(join(root, script)).mode & 0o777, 0o755, script);
    assert.deepEqual(start("sh", ["-n", join(root, script)]), { status: 0, stdout: "", stderr: "" });
  }
  const usage = start(join(root, "usr/lib/mayfly/divert-systemd-tmpfiles"), ["other"]);
  assert.deepEqual([usage.status, usage.stdout], [64, ""]);
  assert.match(
    readFileSync(join(root, "DEBIAN/postrm"), "utf8"),
    /rm -rf \/var\/cache\/mayfly \/var\/lib\/mayfly$/m,
  );
});
