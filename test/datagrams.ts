/** A Unix datagram socket that receives, which Node does not have. */
import { bind } from "#src/sys/ffi.js";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const LARGEST = 65_536;

const libc = {
  socket: bind<[number, number, number], number>("int socket(int domain, int type, int protocol)"),
  bind: bind<[number, Buffer, number], number>("int bind(int fd, const void *address, unsigned int size)"),
  recv: bind<[number, Buffer, number, number], number | bigint>(
    "long recv(int fd, void *buffer, size_t size, int flags)",
  ),
  close: bind<[number], number>("int close(int fd)"),
};

export class DatagramReceiver implements Disposable {
  readonly #fd: number;
  readonly received: string[] = [];

  /** A path, or `@` and the name of an abstract socket. */
  constructor(path: string) {
    const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
    this.#fd = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
    const address = Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), name]);
    if (libc.bind(this.#fd, address, address.length) !== 0) throw new Error(`cannot bind ${path}`);
  }

  /** All datagrams received so far. */
  receive(): string[] {
    const buffer = Buffer.alloc(LARGEST);
    for (;;) {
      const length = Number(libc.recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT));
      if (length < 0) return this.received;
      this.received.push(buffer.toString("latin1", 0, length));
    }
  }

  [Symbol.dispose](): void {
    libc.close(this.#fd);
  }
}
