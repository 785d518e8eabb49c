/** Random names: getrandom(2). */
import type { Bytes } from "../base/bytes.js";
import { bind } from "./ffi.js";
import { requireSuccess } from "./files.js";

const getrandom = bind<[Buffer, number, number], number | bigint>(
  "long getrandom(void *buffer, size_t size, unsigned int flags)",
);

/** Random bytes from the kernel's CSPRNG in hexadecimal. getrandom(2) never returns up to 256 bytes in part. */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  requireSuccess(getrandom(buffer, bytes, 0), "getrandom", "" as Bytes, () => [`${bytes}`]);
  return buffer.toString("hex");
}
