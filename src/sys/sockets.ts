/** Lists the paths of bound Unix sockets, in this network namespace or a process's: proc_net_unix(5). */
import { readFileSync } from "node:fs";
import { type Bytes, fromBuffer, isAbsolute, normalize } from "../base/bytes.js";

// Seven fixed columns, then the path: "Num RefCount Protocol Flags Type St Inode Path", see proc_net_unix(5).
const COLUMNS_BEFORE_PATH = 7;

/**
 * The paths to which Unix sockets of this network namespace, or the process's, are bound. Undefined if the kernel does
 * not report them; callers must then treat every socket as live.
 */
export function boundSockets(pid: number | "self" = "self"): ReadonlySet<Bytes> | undefined {
  try {
    return parseBoundSockets(fromBuffer(readFileSync(`/proc/${pid}/net/unix`)));
  } catch {
    return undefined;
  }
}

/** The absolute paths in the content of such a file. */
export function parseBoundSockets(table: Bytes): ReadonlySet<Bytes> {
  const paths = new Set<Bytes>();
  for (const line of table.split("\n").slice(1)) {
    const path = afterColumns(line, COLUMNS_BEFORE_PATH) as Bytes;
    if (isAbsolute(path)) paths.add(normalize(path));
  }
  return paths;
}

/** The rest of the text after `count` words. The rest is a path, which may contain blanks. */
function afterColumns(line: string, count: number): string {
  const match = new RegExp(`^\\s*(?:\\S+\\s+){${count}}`).exec(line);
  return match === null ? "" : line.slice(match[0].length);
}
