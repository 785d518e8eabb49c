/** Files in memory: memfd_create(2) and seals. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { bind, cstring, errno, errnoName } from "./ffi.js";
import { Fd, requireSuccess } from "./files.js";

const MFD_CLOEXEC = 0x1;
const MFD_ALLOW_SEALING = 0x2;
const MFD_NOEXEC_SEAL = 0x8;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;

export const F_SEAL_SEAL = 0x1;
export const F_SEAL_SHRINK = 0x2;
export const F_SEAL_GROW = 0x4;
export const F_SEAL_WRITE = 0x8;
export const F_SEAL_EXEC = 0x20;

const libc = {
  memfd_create: bind<[Buffer, number], number>("int memfd_create(const void *name, unsigned int flags)"),
  fcntl: bind<[number, number, number], number>("int fcntl(int fd, int command, int argument)"),
};

/** memfd_create(2): sealable and, since Linux 6.3, permanently non-executable. */
export function memfdCreate(name: Bytes): Fd {
  const path = `memfd:${name}` as Bytes;
  let number = libc.memfd_create(cstring(name), MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (number < 0 && errnoName(errno()) === "EINVAL") {
    number = libc.memfd_create(cstring(name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }
  requireSuccess(number, "memfd_create", path, () => [JSON.stringify(escapeForDisplay(name))]);
  return new Fd(number, path);
}

export function addSeals(fd: Fd, seals: number): void {
  const result = libc.fcntl(fd.number, F_ADD_SEALS, seals);
  requireSuccess(result, "fcntl", fd.path, () => [`${fd}`, "F_ADD_SEALS", `0x${seals.toString(16)}`]);
}

export function getSeals(fd: Fd): number {
  return requireSuccess(libc.fcntl(fd.number, F_GET_SEALS, 0), "fcntl", fd.path, () => [
    `${fd}`,
    "F_GET_SEALS",
  ]);
}
