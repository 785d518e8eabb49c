/** The paths that unix sockets are bound to, of this network namespace or a process's. */
import { readFileSync } from "node:fs";
import { type Bytes, fromBuffer, isAbsolute, normalize } from "../base/bytes.js";

// Seven columns of fixed meaning, then the path: "Num RefCount Protocol Flags Type St Inode Path", see proc_net_unix(5).
const COLUMNS_BEFORE_PATH = 7;

/**
 * The paths that unix sockets of this network namespace, or of the process's, are bound to; undefined where the kernel
 * does not tell, so that whoever asks can take every socket for a live one.
 */
export function boundSockets(pid: number | "self" = "self"): ReadonlySet<Bytes> | undefined {
  let table: Bytes;
  try {
    table = fromBuffer(readFileSync(`/proc/${pid}/net/unix`));
  } catch {
    return undefined;
  }
  const paths = new Set<Bytes>();
  for (const line of table.split("\n").slice(1)) {
    const path = afterColumns(line, COLUMNS_BEFORE_PATH) as Bytes;
    if (isAbsolute(path)) paths.add(normalize(path));
  }
  return paths;
}

/** What follows `count` words and the blanks between them: a path may hold blanks itself. */
function afterColumns(line: string, count: number): string {
  const match = new RegExp(`^\\s*(?:\\S+\\s+){${count}}`).exec(line);
  return match === null ? "" : line.slice(match[0].length);
}
