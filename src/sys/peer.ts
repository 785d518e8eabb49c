/** Identifies the process at the other end of a Unix socket: SO_PEERCRED, unix(7). */
import type { Socket } from "node:net";
import { bind } from "./ffi.js";

const getsockopt = bind<[number, number, number, Buffer, Buffer], number>(
  "int getsockopt(int fd, int level, int option, void *value, void *length)",
);
const isPowerPc = ["ppc", "ppc64"].includes(process.arch);
const SOL_SOCKET = ["mips", "mipsel"].includes(process.arch) ? 0xffff : 1;
const SO_PEERCRED = ["mips", "mipsel"].includes(process.arch) ? 18 : isPowerPc ? 21 : 17;
const UCRED_SIZE = 12;

/** The user and group at the time of connect(2); undefined if the kernel does not report them. */
export function peerOf(socket: Socket): { readonly uid: number; readonly gid: number } | undefined {
  // Node has no public way to the fd of a connection.
  const { fd } = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle ?? {};
  if (fd === undefined || fd < 0) return undefined;
  const value = Buffer.alloc(UCRED_SIZE);
  const length = Buffer.alloc(4);
  length.writeInt32LE(UCRED_SIZE);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0) return undefined;
  return { uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}
