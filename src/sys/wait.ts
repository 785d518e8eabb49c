/** Waits for children that this process did not start: waitid(2), waitpid(2), PR_SET_CHILD_SUBREAPER. */
import { EMPTY } from "../base/bytes.js";
import { bind } from "./ffi.js";
import { requireSuccess } from "./files.js";

const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const PR_SET_CHILD_SUBREAPER = 36;
const SIGINFO_SIZE = 128;
/** si_pid follows three ints, and padding where pointers have 8 bytes: siginfo_t in sigaction(2). */
const PID_OFFSET = ["ia32", "arm", "mips", "mipsel"].includes(process.arch) ? 12 : 16;

const libc = {
  waitid: bind<[number, number, Buffer, number], number>(
    "int waitid(int idtype, unsigned int id, void *info, int options)",
  ),
  waitpid: bind<[number, null, number], number>("int waitpid(int pid, void *status, int options)"),
  prctl: bind<[number, number, number, number, number], number>(
    "int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)",
  ),
};

/** A child that has exited and is not reaped yet, without reaping it; undefined if there is none. */
export function exitedChild(): number | undefined {
  const info = Buffer.alloc(SIGINFO_SIZE);
  if (libc.waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) !== 0) return undefined;
  const pid = info.readInt32LE(PID_OFFSET);
  return pid === 0 ? undefined : pid;
}

/** Reaps a child that has exited. */
export function reapChild(pid: number): void {
  libc.waitpid(pid, null, WNOHANG);
}

/** From now on, orphaned descendants become children of this process instead of PID 1's. */
export function becomeSubreaper(): void {
  requireSuccess(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl", EMPTY, () => [
    "PR_SET_CHILD_SUBREAPER",
  ]);
}
