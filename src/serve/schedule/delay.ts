/** The delay of a host: it differs between hosts, and is constant on each. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Nanoseconds } from "../../base/time.js";

/**
 * A number of nanoseconds below `most` that depends on `host` alone, as FixedRandomDelay= of systemd.timer(5) does. The id
 * is hashed together with a name specific to Mayfly, since machine-id(5) asks not to expose it.
 */
export function delayOf(host: string, most: Nanoseconds): Nanoseconds {
  if (most === 0n) return 0n;
  const hash = createHash("sha256").update(`mayfly serve\0${host}`).digest();
  return hash.readBigUInt64BE(0) % most;
}

/** The machine id, and the host name too: all containers of an image may share the id. */
export function hostIdentity(): string {
  return `${machineId()}\0${hostname()}`;
}

function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "latin1").trim();
  } catch {
    return "";
  }
}
