/** The arguments of the command line, byte for byte. */
import { readFileSync } from "node:fs";
import { type Bytes, bytes, fromBuffer } from "../base/bytes.js";

/** The arguments as the kernel has them: `process.argv` is decoded as UTF-8 and has lost what is not. */
export function argumentBytes(argv: readonly string[]): Bytes[] {
  const args = argv.slice(2);
  if (!args.some((arg) => arg.includes("\ufffd"))) return args.map(bytes);
  const raw = fromBuffer(readFileSync("/proc/self/cmdline")).split("\0").slice(0, -1);
  return raw.slice(raw.length - args.length) as Bytes[];
}
