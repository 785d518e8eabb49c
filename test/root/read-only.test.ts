/** A read-only file system: an inode that needs no change is not an error, everything else is, as with 262. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";

const MAYFLY = join(import.meta.dirname, "../../../bin/mayfly.js");
const LINES = [
  "f @/file",
  "f @/file 0600",
  "f @/new",
  "f+ @/empty",
  "f+ @/empty 0600",
  "f+ @/file",
  "f+ @/new",
  "f+ @/empty - - - - x",
  "w @/file - - - - x",
  "w- @/file - - - - x",
  "d @/directory",
  "d @/directory 0700",
  "d @/new",
  "d= @/file",
  "p @/new",
  "L @/link - - - - file",
  "L+ @/link - - - - other",
  "L @/new - - - - file",
  "C @/directory - - - - @/full",
  "C @/full - - - - @/directory",
  "C @/new - - - - @/full",
  "C+ @/full - - - - @/directory",
  "z @/file 0644",
  "z @/file 0600",
  "t @/file - - - - user.a=b",
  "h @/file - - - - +d",
  "a @/file - - - - u:1:r",
  "k @/file - - - - 13=p",
  "c @/new - - - - 1:3",
];

function missing(): string | false {
  if (process.getuid?.() !== 0) return "only root may mount";
  if (spawnSync("unshare", ["-m", "true"]).status !== 0) return "no mount namespaces here";
  return reference().missing ?? false;
}

test("each line alone has the exit status of 262", { skip: missing() }, (t) => {
  const at = scratch(t, "/var/tmp");
  const tree = join(at, "tree");
  for (const name of ["directory", "full/inside"]) mkdirSync(join(tree, name), { recursive: true });
  writeFileSync(join(tree, "file"), "content", { mode: 0o644 });
  writeFileSync(join(tree, "empty"), "", { mode: 0o644 });
  symlinkSync("file", join(tree, "link"));
  const script = `mount --bind ${tree} ${tree} && mount -o remount,bind,ro ${tree} && exec "$@"`;
  const config = join(at, "x.conf");
  const status = (line: string, program: readonly string[]): number | null => {
    writeFileSync(config, line.replaceAll("@", tree));
    const args = ["-m", "sh", "-c", script, "sh", ...program, "--create", config];
    const { status, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
    // One line, with the reason and the place.
    if (status !== 0 && program.length > 1)
      assert.match(
        stderr,
        new RegExp(`^${tree}/.*: Read-only file system \\(.*\\) \\[${config}:1\\]\n$`),
        line,
      );
    return status;
  };
  const statuses = LINES.map((line) => [
    line,
    status(line, [reference().binary ?? ""]),
    status(line, [process.execPath, MAYFLY, "tmpfiles"]),
  ]);
  assert.deepEqual(
    statuses.map(([line, , ours]) => [line, ours]),
    statuses.map(([line, expected]) => [line, expected]),
  );
});
