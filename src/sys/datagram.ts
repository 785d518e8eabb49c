/** Sends one datagram to a Unix socket: unix(7). */
import type { Bytes } from "../base/bytes.js";
import { toBuffer } from "../base/bytes.js";
import { bind } from "./ffi.js";
import { checkAt, Fd, requireSuccess } from "./files.js";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** The size of sun_path. */
const LONGEST_PATH = 108;

const libc = {
  socket: bind<[number, number, number], number>("int socket(int domain, int type, int protocol)"),
  sendto: bind<[number, Buffer, number, number, Buffer, number], number | bigint>(
    "long sendto(int fd, const void *data, size_t length, int flags, const void *address, unsigned int size)",
  ),
};

/**
 * Sends a datagram without blocking. A path that begins with `@` is the name of an abstract socket, as in $NOTIFY_SOCKET.
 *
 * @throws SyscallError if no process listens there or the receiver's queue is full; RangeError if the path is too long.
 */
export function sendDatagram(path: Bytes, data: Buffer): void {
  const isAbstract = path.startsWith("@");
  const name = toBuffer((isAbstract ? `\0${path.slice(1)}` : `${path}\0`) as Bytes);
  if (name.length > LONGEST_PATH) throw new RangeError("the path of a socket has at most 107 bytes");
  const address = Buffer.alloc(2 + name.length);
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_UNIX;
  name.copy(address, 2);
  const number = requireSuccess(libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", path, () => [
    "AF_UNIX",
  ]);
  using fd = new Fd(number, path);
  const sent = libc.sendto(
    fd.number,
    data,
    data.length,
    MSG_DONTWAIT | MSG_NOSIGNAL,
    address,
    address.length,
  );
  checkAt(Number(sent), "sendto", fd, "" as Bytes, `${data.length} bytes`);
}
