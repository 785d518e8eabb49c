/** Trees are removed without openat2(2), which kernels before 5.6 and the filters of containers lack. */
import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { has, isRoot, MAYFLY, Scratch, start } from "./program.js";

function skip(): string | false {
  if (!isRoot) return "an ordinary user may not trace here";
  if (!has("strace")) return "needs strace, which makes the call fail";
  const { status } = start("strace", ["-qq", "-o", "/dev/null", "true"]);
  return status === 0 ? false : "strace may trace nothing here";
}

for (const code of ["ENOSYS", "EPERM"])
  test(`with ${code} from openat2`, { skip: skip() }, () => {
    using scratch = new Scratch();
    const tree = join(scratch.path, "tree");
    const run = (operation: string, line: string): number | null => {
      mkdirSync(join(tree, "a/b"), { recursive: true });
      writeFileSync(join(tree, "a/b/file"), "");
      const inject = [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=openat2",
        "-e",
        `inject=openat2:error=${code}`,
      ];
      const program = [process.execPath, MAYFLY, "tmpfiles", `--${operation}`, "--inline", line];
      return start("strace", [...inject, ...program]).status;
    };
    assert.equal(run("remove", `R ${tree}`), 0);
    assert.ok(!existsSync(tree));
    assert.equal(run("create", `f= ${tree}`), 0);
    assert.ok(lstatSync(tree).isFile());
  });
