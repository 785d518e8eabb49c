/** Finds the live Unix sockets of all network namespaces and mount namespaces, from /proc. */
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { type Bytes, basename } from "../base/bytes.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat, openat2, RESOLVE_IN_ROOT } from "./files.js";
import { runningPids } from "./processes.js";
import { StatxBuffer, statxOf } from "./scan.js";
import { parseBoundSockets } from "./sockets.js";

/** A network namespace, its sockets, and the processes in it. */
interface Namespace {
  readonly paths: ReadonlySet<Bytes>;
  readonly byName: ReadonlyMap<Bytes, readonly Bytes[]>;
  readonly pids: number[];
}

/** Why a socket must be treated as live: a process of the namespace in which it is bound, or the reason for not knowing. */
export type SocketUse = { readonly pid: number } | { readonly unknown: string };

/** What a process that ends meanwhile, or a zombie, fails with. */
const GONE: readonly string[] = ["ENOENT", "ESRCH", "EINVAL"];
const NAMELESS: readonly string[] = ["ENOENT", "ENOTDIR", "ELOOP"];

/**
 * The live sockets that /proc/net/unix does not show under the path of an entry: those that are bound in another network
 * namespace, or under another path, as in a container that has the directory mounted elsewhere. A path that is listed is
 * live. One with the same last component is live if it leads, in the mount namespace of a process there, to the same inode.
 */
export class LiveSockets {
  readonly #namespaces = new Map<number, Namespace>();
  /** Why some process could not be inspected. */
  #unknown: string | undefined;

  /** Reads /proc/PID/net/unix once for each network namespace. */
  constructor() {
    const pids = runningPids();
    // With hidepid=, an ordinary user sees only their own processes.
    if (!pids.includes(1)) this.#unknown = "hidepid";
    for (const pid of pids) this.#add(pid);
  }

  #add(pid: number): void {
    try {
      // The identity and the content come from one fd: the PID may be another process's at any moment.
      const fd = openSync(`/proc/${pid}/net/unix`, "r");
      try {
        const { ino } = fstatSync(fd);
        const known = this.#namespaces.get(ino);
        if (known === undefined) this.#namespaces.set(ino, namespaceOf(readFileSync(fd, "latin1"), pid));
        else known.pids.push(pid);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if (!hasCode(error, GONE)) this.#unknown = codeOf(error);
    }
  }

  /** Why the socket must be treated as live; undefined if no process listens on it. */
  use(path: Bytes, stat: StatxBuffer): SocketUse | undefined {
    let unknown = this.#unknown;
    for (const { paths, byName, pids } of this.#namespaces.values()) {
      if (paths.has(path)) return { pid: pids[0] as number };
      const candidates = byName.get(basename(path)) ?? [];
      for (const pid of candidates.length === 0 ? [] : onePerView(pids)) {
        const found = leadsTo(pid, candidates, stat);
        if (found === true) return { pid };
        // Here, an ordinary user would otherwise keep a socket whenever root has one of that name.
        if (found !== false && !pids.includes(process.pid)) unknown ??= found;
      }
    }
    return unknown === undefined ? undefined : { unknown };
  }
}

function namespaceOf(table: string, pid: number): Namespace {
  const paths = parseBoundSockets(table as Bytes);
  const byName = new Map<Bytes, Bytes[]>();
  for (const path of paths) {
    const name = basename(path);
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [path]);
    else same.push(path);
  }
  return { paths, byName, pids: [pid] };
}

/** One process for each combination of mount namespace and root directory, and each process that hides them. */
function onePerView(pids: readonly number[]): number[] {
  const seen = new Set<string>();
  return pids.filter((pid) => {
    try {
      const view = `${readlinkSync(`/proc/${pid}/ns/mnt`)} ${readlinkSync(`/proc/${pid}/root`)}`;
      return !seen.has(view) && seen.add(view);
    } catch (error) {
      return !hasCode(error, GONE);
    }
  });
}

/** Whether one of the paths, as the process resolves it, is this inode; the errno's name if that is unknown. */
function leadsTo(pid: number, paths: readonly Bytes[], stat: StatxBuffer): boolean | string {
  try {
    using root = openat(Fd.cwd, `/proc/${pid}/root` as Bytes, O_PATH | O_DIRECTORY);
    return paths.some((path) => isSame(root, path, stat));
  } catch (error) {
    return !hasCode(error, GONE) && codeOf(error);
  }
}

function isSame(root: Fd, path: Bytes, stat: StatxBuffer): boolean {
  try {
    using socket = openat2(root, path, O_PATH | O_NOFOLLOW, RESOLVE_IN_ROOT);
    const found = new StatxBuffer();
    return statxOf(socket.number, found) === 0 && found.isSameInode(stat);
  } catch (error) {
    if (hasCode(error, NAMELESS)) return false;
    throw error;
  }
}

/** For errors of Node and of system calls alike. */
function hasCode(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}
