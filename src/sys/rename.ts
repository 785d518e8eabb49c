/** Renames with renameat(2), for kernels and seccomp filters that reject renameat2(2). Replaces an existing target. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { bind, cstring } from "./ffi.js";
import { checkAt, type Fd } from "./files.js";

const libc = {
  renameat: bind<[number, Buffer, number, Buffer], number>(
    "int renameat(int olddirfd, const void *oldpath, int newdirfd, const void *newpath)",
  ),
};

export function renameat(oldDir: Fd, oldName: Bytes, newDir: Fd, newName: Bytes): void {
  const [from, to] = [cstring(oldName), cstring(newName)];
  const result = libc.renameat(oldDir.number, from, newDir.number, to);
  checkAt(
    result,
    "renameat",
    oldDir,
    oldName,
    () => `${newDir}`,
    () => JSON.stringify(escapeForDisplay(newName)),
  );
}
