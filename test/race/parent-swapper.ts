/**
 * Swaps a directory and a symlink to another directory as fast as it can: `link` and `dir` exchange their names. Prints the number of
 * swaps when its standard input ends.
 */
import { bytes } from "#src/base/bytes.js";
import { Fd, O_DIRECTORY, openat, RENAME_EXCHANGE, renameat2 } from "#src/sys/files.js";

const [, , folder = ""] = process.argv;
const dir = openat(Fd.cwd, bytes(folder), O_DIRECTORY);
let swaps = 0;
let running = true;
process.stdin.on("end", () => {
  running = false;
  process.stdout.write(`${swaps}`);
});
process.stdin.resume();

function turn(): void {
  for (let round = 0; round < 500; round++, swaps++) {
    renameat2(dir, bytes("parent"), dir, bytes("lure"), RENAME_EXCHANGE);
  }
  if (running) setImmediate(turn);
}
process.stdout.write("ready\n");
turn();
