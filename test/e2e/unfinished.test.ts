/** Runs that a full disk stops, and runs that meet: what they leave is whole, and the next run completes it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endWithTest } from "../children.js";
import { needsPrograms, needsRoot } from "../requirements.js";
import { MAYFLY, mayfly, Scratch, start } from "./program.js";

const FILES = 40;
const KIB = 1024;

/** A tree of 1 MiB to copy from, and lines that make it twice, once into a directory that is there and empty, and files. */
function layOut(scratch: Scratch): { target: string; config: string } {
  const source = join(scratch.path, "source");
  for (const part of ["a", "b"]) {
    mkdirSync(join(source, part), { recursive: true });
    for (let n = 0; n < FILES / 2; n++) writeFileSync(join(source, part, `${n}`), `${n}`.repeat(25 * KIB));
  }
  const target = join(scratch.path, "target");
  mkdirSync(join(target, "empty"), { recursive: true, mode: 0o755 });
  const config = join(scratch.path, "lines.conf");
  const files = Array.from(
    { length: FILES },
    (_, n) => `f ${target}/f${n} 0640 - - - ${"text ".repeat(400)}`,
  );
  const copies = ["empty", "new"].map((name) => `C ${target}/${name} - - - - ${source}`);
  writeFileSync(config, `${[...copies, ...files].join("\n")}\n`);
  return { target, config };
}

const LIST = "find . -printf '%P %y %m %U:%G %n %l\\n' | sort; find . -type f -exec md5sum {} + | sort -k 2";

/** What is below a directory: names, kinds, modes, owners, links and checksums. */
const listing = (directory: string): string =>
  start("sh", ["-ec", `cd "$0" && { ${LIST}; }`, directory]).stdout;

test("what did not fit is completed once there is space", {
  skip: needsRoot || needsPrograms("unshare", "mount"),
}, () => {
  using undisturbed = new Scratch();
  const { target: complete, config: same } = layOut(undisturbed);
  assert.equal(mayfly(["create", same]).status, 0);
  using scratch = new Scratch();
  const { target, config } = layOut(scratch);
  for (const size of [64, 300, 700, 1100, 1500, 1900]) {
    // The mount ends with its namespace. The target is a directory in it, whose mode does not come from the mount.
    const script = `mount -t tmpfs -o size=${size}k,mode=755 none "$1"
      mkdir -m 755 "$1/empty"
      status=0; "$0" "$2" create --quiet "$3" 2>"$4" || status=$?
      echo "status $status"; grep -c "No space left on device" "$4"
      cd "$1"; find . -type f -size 0 ! -name '.mayfly-unfinished'; echo "complete"
      mount -o remount,size=8m "$1"
      "$0" "$2" create --quiet "$3"
      ${LIST}`;
    const log = join(scratch.path, "log");
    const args = ["-ec", script, process.execPath, target, MAYFLY, config, log];
    const { stdout, stderr } = start("unshare", ["--mount", "--propagation", "private", "sh", ...args]);
    const [first, second, empty, ...rest] = stdout.split("\n");
    assert.equal(first, "status 73", `${size}k: ${stderr}`);
    assert.ok(Number(second) > 0, `${size}k: the reason is reported`);
    assert.equal(empty, "complete", `${size}k: no file is empty`);
    assert.equal(rest.join("\n"), listing(complete), `${size}k`);
  }
});

test("two runs of the same lines at the same time both succeed, and leave nothing else", async () => {
  using undisturbed = new Scratch();
  const { target: complete, config: same } = layOut(undisturbed);
  assert.equal(mayfly(["create", same]).status, 0);
  for (let round = 0; round < 5; round++) {
    using scratch = new Scratch();
    const { target, config } = layOut(scratch);
    const runs = [1, 2, 3].map(async () => {
      const child = endWithTest(
        spawn(process.execPath, [MAYFLY, "create", config], { stdio: ["ignore", "pipe", "pipe"] }),
      );
      let output = "";
      child.stderr.on("data", (data) => (output += data));
      const [status] = await once(child, "close");
      return [status, output];
    });
    assert.deepEqual(await Promise.all(runs), [
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
    assert.equal(listing(target), listing(complete));
  }
});
