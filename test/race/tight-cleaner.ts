/**
 * A cleaner with age 0, as fast as possible: it removes everything in the directory (its argument) that is not locked, and holds the lock
 * during the removal, as systemd-tmpfiles does. It ends with its standard input.
 */
import { parseArgs } from "node:util";
import { bytes } from "#src/base/bytes.js";
import { failedWith } from "#src/base/errors.js";
import { entries } from "#src/sys/directory.js";
import {
  AT_REMOVEDIR,
  Fd,
  flock,
  LOCK_EX,
  LOCK_NB,
  O_DIRECTORY,
  O_NOFOLLOW,
  openat,
  tryUnlinkat,
} from "#src/sys/files.js";

const [path = ""] = parseArgs({ allowPositionals: true }).positionals;

function cleanOnce(): number {
  using dir = openat(Fd.cwd, bytes(path), O_DIRECTORY);
  let removed = 0;
  for (const { name } of [...entries(dir)]) {
    try {
      using fd = openat(dir, name, O_NOFOLLOW);
      if (!flock(fd, LOCK_EX | LOCK_NB)) continue;
      if (tryUnlinkat(dir, name, AT_REMOVEDIR) === undefined || tryUnlinkat(dir, name) === undefined)
        removed++;
    } catch (error) {
      if (!failedWith(error, "ENOENT")) throw error;
    }
  }
  return removed;
}

let removed = 0;
let running = true;
process.stdin.on("end", () => {
  running = false;
  process.stdout.write(`${removed}`);
});
process.stdin.resume();

function turn(): void {
  for (let round = 0; round < 200; round++) removed += cleanOnce();
  if (running) setImmediate(turn);
}
process.stdout.write("ready\n");
turn();
