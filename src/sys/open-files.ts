/** Finds the files that processes use: open, mapped, as working or root directory, or as the running program. */
import { readdirSync, readFileSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import { address, cstring, SUCCESS } from "./ffi.js";
import { S_IFDIR } from "./inode.js";
import { runningPids } from "./processes.js";
import { StatxBuffer, statxLink } from "./scan.js";

const LINKS = ["cwd", "root", "exe"];
/** proc_pid_maps(5): "start-end perms offset major:minor inode   path". */
const MAPPING = /^0*([0-9a-f]+)-0*([0-9a-f]+) \S+ \S+ ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)$/gm;
const HIGH = 2 ** 32;

/** A snapshot of the inodes that processes use, taken when it is first asked for. */
export class OpenFiles {
  #snapshot: Snapshot | undefined;

  /** Whether a process uses the inode. */
  has(stat: StatxBuffer): boolean {
    return this.#read().inodes.has(keyOf(stat));
  }

  /** The number of processes that could not be inspected. */
  get hidden(): number {
    return this.#read().hidden;
  }

  #read(): Snapshot {
    this.#snapshot ??= new Snapshot();
    return this.#snapshot;
  }
}

class Snapshot {
  readonly inodes = new Set<string>();
  readonly hidden: number;
  /** Mappings that were looked at: most processes map the same libraries. */
  readonly #mapped = new Set<string>();
  readonly #stat = new StatxBuffer();

  constructor() {
    this.hidden = runningPids().filter((pid) => !this.#addProcess(pid)).length;
  }

  /** False if the process may not be inspected. One that has ended uses nothing. */
  #addProcess(pid: number): boolean {
    const process = `/proc/${pid}`;
    try {
      for (const link of LINKS) this.#add(`${process}/${link}`, pid);
      for (const fd of readdirSync(`${process}/fd`)) this.#add(`${process}/fd/${fd}`, pid);
      for (const mapping of readFileSync(`${process}/maps`, "latin1").matchAll(MAPPING))
        this.#addMapping(pid, mapping);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code !== "EACCES" && code !== "EPERM";
    }
  }

  #add(link: string, pid: number): boolean {
    const path = cstring(link as Bytes);
    if (statxLink(address(path), this.#stat) !== SUCCESS) return false;
    // The walk itself has directories open.
    if (pid !== process.pid || this.#stat.type !== S_IFDIR) this.inodes.add(keyOf(this.#stat));
    return true;
  }

  /** Only root may follow a link in map_files. What maps says of the device may differ from statx(2), as on btrfs. */
  #addMapping(pid: number, [, start, end, major, minor, inode, path]: RegExpExecArray): void {
    const mapped = `${major}:${minor}:${inode}:${path}`;
    if (inode === "0" || this.#mapped.has(mapped)) return;
    this.#mapped.add(mapped);
    if (this.#add(`/proc/${pid}/map_files/${start}-${end}`, pid)) return;
    const device = Number.parseInt(major ?? "", 16) * HIGH + Number.parseInt(minor ?? "", 16);
    this.inodes.add(`${device}:${inode}`);
    this.#add(path ?? "", pid);
  }
}

function keyOf(stat: StatxBuffer): string {
  return `${stat.device}:${stat.inode}`;
}
