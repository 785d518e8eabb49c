/** Detects terminals: isatty(3). */
import { bind } from "./ffi.js";

const isatty = bind<[number], number>("int isatty(int fd)");

/** Whether the fd is a terminal. node:tty would do, but loads streams and sockets: 6 ms at each start. */
export function isTerminal(fd: number): boolean {
  try {
    return isatty(fd) === 1;
  } catch {
    // Without koffi, --help and --version still work.
    return process.getBuiltinModule("node:tty").isatty(fd);
  }
}
