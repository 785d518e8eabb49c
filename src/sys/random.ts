/** Random names: getrandom(2). */
import type { Bytes } from "../base/bytes.js";
import { bind } from "./ffi.js";
import { requireSuccess } from "./files.js";

const getrandom = bind<[Buffer, number, number], number | bigint>(
  "long getrandom(void *buffer, size_t size, unsigned int flags)",
);

/** Bytes of the kernel's CSPRNG, getrandom(2); fewer than 256 always come whole. In hexadecimal, as names want them. */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  requireSuccess(getrandom(buffer, bytes, 0), "getrandom", "" as Bytes, () => [`${bytes}`]);
  return buffer.toString("hex");
}
