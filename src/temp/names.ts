/** Names that nobody can guess. */
import { randomFillSync } from "node:crypto";
import type { Bytes } from "../base/bytes.js";

/** 128 bits: as many guesses as a UUID would take, and no chance of meeting another name. */
const RANDOM_BYTES = 16;
/** Random bytes are fetched for many names at a time: a single fetch costs more than all the rest of a name. */
const POOL = Buffer.alloc(RANDOM_BYTES * 256);
let used = POOL.length;

/** A name that nobody can guess: 128 bits from the kernel-seeded CSPRNG, as 32 hexadecimal digits. */
export function freshName(prefix: Bytes, suffix: Bytes): Bytes {
  if (used === POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const digits = POOL.toString("hex", used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  return (prefix + digits + suffix) as Bytes;
}

/** Whether `name` could have come from `freshName` with this prefix and suffix. */
export function isFreshName(name: Bytes, prefix: Bytes, suffix: Bytes): boolean {
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return false;
  const digits = name.slice(prefix.length, name.length - suffix.length);
  return /^[0-9a-f]{32}$/.test(digits);
}
