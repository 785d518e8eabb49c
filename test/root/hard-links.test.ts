/** If fs.protected_hardlinks is off, an inode with more than one name is not adjusted. A file mounted over the setting turns it off. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";

const MAYFLY = join(import.meta.dirname, "../../../bin/mayfly.js");
const LINES = [
  "z PATH 0777",
  "f PATH - 1 - -",
  "a PATH - - - - u:1:rwx",
  "A PATH - - - - u:1:rwx",
  "k PATH - - - - 13=p",
  "z PATH",
];

function missing(): string | false {
  if (process.getuid?.() !== 0) return "only root may mount";
  if (spawnSync("unshare", ["-m", "true"]).status !== 0) return "no mount namespaces here";
  return reference().missing ?? false;
}

for (const setting of [0, 1]) {
  test(`with fs.protected_hardlinks at ${setting}`, { skip: missing() }, (t) => {
    const at = scratch(t, "/var/tmp");
    writeFileSync(join(at, "setting"), `${setting}\n`);
    const status = (line: string, program: readonly string[]): number | null => {
      mkdirSync(join(at, "x"));
      writeFileSync(join(at, "x/other"), "", { mode: 0o600 });
      linkSync(join(at, "x/other"), join(at, "x/file"));
      writeFileSync(join(at, "x.conf"), line.replace("PATH", `${at}/x/file`));
      const script = `mount --bind ${at}/setting /proc/sys/fs/protected_hardlinks && exec "$@"`;
      const args = ["-m", "sh", "-c", script, "sh", ...program, "--create", join(at, "x.conf")];
      const ran = spawnSync("unshare", args, { encoding: "utf8" });
      if (ran.status !== 0) assert.equal(lstatSync(join(at, "x/other")).mode & 0o7777, 0o600, line);
      rmSync(join(at, "x"), { recursive: true });
      return ran.status;
    };
    for (const line of LINES) {
      const expected = status(line, [reference().binary ?? ""]);
      assert.equal(status(line, [process.execPath, MAYFLY, "tmpfiles"]), expected, line);
      assert.equal(expected, setting === 0 && line !== "z PATH" ? 73 : 0, line);
    }
  });
}

for (const setting of [0, 1]) {
  const what = `a symlink with two names in a sticky directory, with fs.protected_hardlinks at ${setting}`;
  test(what, { skip: missing() }, (t) => {
    const at = scratch(t, "/var/tmp");
    for (const name of ["a", "sticky", "target"]) mkdirSync(join(at, name));
    chmodSync(join(at, "sticky"), 0o1777);
    writeFileSync(join(at, "setting"), `${setting}\n`);
    symlinkSync("../target", join(at, "a/link"));
    linkSync(join(at, "a/link"), join(at, "sticky/link"));
    const script = `mount --bind ${at}/setting /proc/sys/fs/protected_hardlinks && exec "$@"`;
    const line = `d ${at}/sticky/link/made`;
    const program = [process.execPath, MAYFLY, "tmpfiles", "--create", "--inline", line];
    const { status, stderr } = spawnSync("unshare", ["-m", "sh", "-c", script, "sh", ...program], {
      encoding: "utf8",
    });
    assert.equal(status, setting === 0 ? 73 : 0, stderr);
    assert.equal(existsSync(join(at, "target/made")), setting === 1);
    if (setting === 0) assert.match(stderr, /sticky\/link has more than one name/);
  });
}
