/** Looks at files with another user's permissions: setfsuid(2), setfsgid(2) and setgroups(2), for this thread alone. */
import { SyscallError } from "../base/errors.js";
import { bind, bindSyscall, errno, errnoName, syscallNumber } from "./ffi.js";

/** Unlike seteuid(2) of libc, these change the calling thread only. They return the previous ID, and never an error. */
const setfsuid = bind<[number], number>("int setfsuid(unsigned int uid)");
const setfsgid = bind<[number], number>("int setfsgid(unsigned int gid)");
/** libc's would change all threads. On 32-bit machines, it is setgroups32(2). */
const setgroups = bindSyscall<[number, Buffer]>(
  syscallNumber({ x64: 116, arm: 206, ia32: 206, s390x: 206, ppc64: 81 }, 159),
  "size_t count, const void *groups",
);
const NO_CHANGE = 0xffffffff;

export interface UserIdentity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/**
 * Calls `act` as this user: the kernel checks its accesses to files, including access control lists, as the user's. Only for
 * synchronous calls on this thread. Capabilities that override permissions are without effect meanwhile.
 *
 * @throws Error if this process may not do that; it needs root.
 */
export function asUser<Result>({ uid, gid, groups }: UserIdentity, act: () => Result): Result {
  const before = {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
  };
  try {
    changeGroups(groups);
    setfsgid(gid);
    setfsuid(uid);
    if (setfsuid(NO_CHANGE) !== uid || setfsgid(NO_CHANGE) !== gid)
      throw new Error("cannot check the permissions of other users: this needs root");
    return act();
  } finally {
    setfsuid(before.uid);
    setfsgid(before.gid);
    changeGroups(before.groups);
  }
}

function changeGroups(groups: readonly number[]): void {
  const list = Buffer.alloc(Math.max(groups.length, 1) * 4);
  for (const [index, group] of groups.entries()) list.writeUInt32LE(group, index * 4);
  if (setgroups(groups.length, list) === 0) return;
  const failed = errno();
  throw new SyscallError(errnoName(failed), failed, "setgroups", [`${groups.length}`]);
}
