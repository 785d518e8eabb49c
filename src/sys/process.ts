/** System calls on processes: pidfds, limits, close-on-exec, the death of the parent. */
import { type Bytes, EMPTY } from "../base/bytes.js";
import { bindSyscall, syscallNumber } from "./ffi.js";
import { checkAt, Fd, requireSuccess } from "./files.js";

const RLIMIT_NOFILE = process.arch === "mips" || process.arch === "mipsel" ? 5 : 7;
const CLOSE_RANGE_CLOEXEC = 4;
const PR_SET_PDEATHSIG = 1;

const libc = {
  // musl has no close_range. Newer than 5.1, so the same numbers everywhere.
  closeRange: bindSyscall<[number, number, number]>(
    436,
    "unsigned int first, unsigned int last, unsigned int flags",
  ),
  pidfdOpen: bindSyscall<[number, number]>(434, "int pid, unsigned int flags"),
  pidfdSendSignal: bindSyscall<[number, number, null, number]>(
    424,
    "int pidfd, int signal, const void *info, unsigned int flags",
  ),
  // libc declares it with variable arguments.
  prctl: bindSyscall<[number, number]>(
    syscallNumber({ x64: 157, ia32: 172, arm: 172, ppc64: 171, s390x: 172 }, 167),
    "int option, unsigned long argument",
  ),
  // Called by number because libc's version uses 32-bit values on 32-bit machines.
  prlimit64: bindSyscall<[number, number, Buffer | null, Buffer | null]>(
    syscallNumber({ x64: 302, ia32: 340, arm: 369, ppc64: 325, s390x: 334 }, 261),
    "int pid, unsigned int resource, const void *new_limit, void *old_limit",
  ),
};

/** Sets close-on-exec on every fd from `first` on: close_range(2). */
export function closeOnExecFrom(first: number): void {
  requireSuccess(libc.closeRange(first, 0xffffffff, CLOSE_RANGE_CLOEXEC), "close_range", EMPTY, () => [
    `${first}`,
  ]);
}

/** @throws SyscallError ESRCH if the process does not exist. */
export function openProcess(pid: number): Fd {
  const number = requireSuccess(libc.pidfdOpen(pid, 0), "pidfd_open", EMPTY, () => [`${pid}`]);
  return new Fd(number, `/proc/${pid}` as Bytes);
}

/** Signal 0 only checks whether the process can be signalled. */
export function signalProcess(target: Fd, signal: number): void {
  const result = libc.pidfdSendSignal(target.number, signal, null, 0);
  checkAt(result, "pidfd_send_signal", target, EMPTY, signal);
}

/**
 * From now on the kernel sends this process `signal` when its parent ends, even by SIGKILL: PR_SET_PDEATHSIG, prctl(2).
 * Returns false if `parent` has ended already, which sends nothing.
 */
export function signalOnParentDeath(parent: number, signal: number): boolean {
  const result = libc.prctl(PR_SET_PDEATHSIG, signal);
  requireSuccess(result, "prctl", EMPTY, () => ["PR_SET_PDEATHSIG", `${signal}`]);
  return process.ppid === parent;
}

export interface Limit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** The limit on open fds: RLIMIT_NOFILE. */
export function openFilesLimit(): Limit {
  const buffer = Buffer.alloc(16);
  requireSuccess(libc.prlimit64(0, RLIMIT_NOFILE, null, buffer), "prlimit", EMPTY, () => ["RLIMIT_NOFILE"]);
  return { soft: buffer.readBigUInt64LE(0), hard: buffer.readBigUInt64LE(8) };
}

export function setOpenFilesLimit(limit: Limit): void {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(limit.soft, 0);
  buffer.writeBigUInt64LE(limit.hard, 8);
  requireSuccess(libc.prlimit64(0, RLIMIT_NOFILE, buffer, null), "prlimit", EMPTY, () => [
    "RLIMIT_NOFILE",
    `${limit.soft}`,
  ]);
}
