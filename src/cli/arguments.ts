/** Reads the command-line arguments byte for byte. */
import { readFileSync } from "node:fs";
import { type Bytes, bytes, fromBuffer } from "../base/bytes.js";

/** Node decodes `process.argv` as UTF-8, which loses all other bytes. The kernel keeps the arguments in /proc. */
export function argumentBytes(argv: readonly string[]): Bytes[] {
  const args = argv.slice(2);
  if (!args.some((arg) => arg.includes("\ufffd"))) return args.map(bytes);
  const raw = fromBuffer(readFileSync("/proc/self/cmdline")).split("\0").slice(0, -1);
  return raw.slice(raw.length - args.length) as Bytes[];
}
