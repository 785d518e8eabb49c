/** Generates unpredictable names. */
import { randomFillSync } from "node:crypto";
import type { Bytes } from "../base/bytes.js";

/** 128 bits, as in a UUID: neither guessable nor prone to collisions. */
const RANDOM_BYTES = 16;
/** Random bytes are fetched for many names at once, since fetching them is the most expensive step. */
const POOL = Buffer.alloc(RANDOM_BYTES * 256);
let used = POOL.length;

/** An unpredictable name: 128 bits from a CSPRNG that the kernel seeds, as 32 hexadecimal digits. */
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
