/** Mounts and unmounts below what is watched. */
import { type Bytes, isBelow } from "../../base/bytes.js";
import {
  decodeEvents,
  FAN_MARK_MNTNS,
  FAN_MNT_ATTACH,
  FAN_MNT_DETACH,
  FAN_REPORT_MNT,
  FAN_UNLIMITED_QUEUE,
  fanotifyInit,
  fanotifyMark,
  readEvents,
} from "../../sys/fanotify.js";
import { Fd, O_RDONLY, openat } from "../../sys/files.js";
import { type Mount, readMountInfo } from "../../sys/mountinfo.js";
import type { Change } from "./change.js";

/** How often the list of mounts is compared if the kernel does not report them. */
const COMPARE_EVERY_MS = 1_000;

/**
 * Mounts and unmounts of this mount namespace, since they make paths appear and disappear. Linux 6.15 and later report them
 * with their process. Before that, the list is compared periodically, without a process.
 */
export class MountEvents {
  readonly #targets: readonly Bytes[];
  readonly #group: Fd | undefined;
  readonly #buffer = Buffer.alloc(16 * 1024);
  #mounts = new Map<number, Mount>();
  #comparedAt = 0;

  constructor(targets: readonly Bytes[]) {
    this.#targets = targets;
    this.#group = openGroup();
    this.#mounts = currentMounts();
  }

  get fds(): readonly Fd[] {
    return this.#group === undefined ? [] : [this.#group];
  }

  get namesProcesses(): boolean {
    return this.#group !== undefined;
  }

  read(): Change[] {
    const pids = new Set<number>();
    if (this.#group === undefined) {
      if (performance.now() - this.#comparedAt < COMPARE_EVERY_MS) return [];
    } else {
      const length = readEvents(this.#group, this.#buffer);
      for (const { pid } of decodeEvents(this.#buffer, length)) pids.add(pid);
      if (pids.size === 0) return [];
    }
    // If two processes mounted something at once, it is unknown which.
    const [pid = -1] = pids.size === 1 ? pids : [];
    return this.#compare(pid);
  }

  close(): void {
    this.#group?.close();
  }

  #compare(pid: number): Change[] {
    this.#comparedAt = performance.now();
    const before = this.#mounts;
    const after = currentMounts();
    this.#mounts = after;
    const gone = [...before.values()].filter(({ id, point }) => after.get(id)?.point !== point);
    const made = [...after.values()].filter(({ id, point }) => before.get(id)?.point !== point);
    return [
      ...gone.map(({ point }): Change => ({ op: "unmount", path: point, pid })),
      ...made.map(({ point }): Change => ({ op: "mount", path: point, pid })),
    ].filter(({ path }) => this.#targets.some((target) => isBelow(path, target) || isBelow(target, path)));
  }
}

function currentMounts(): Map<number, Mount> {
  return new Map(readMountInfo().map((mount) => [mount.id, mount]));
}

function openGroup(): Fd | undefined {
  let group: Fd | undefined;
  try {
    group = fanotifyInit(FAN_REPORT_MNT | FAN_UNLIMITED_QUEUE);
    using namespace = openat(Fd.cwd, "/proc/self/ns/mnt" as Bytes, O_RDONLY);
    fanotifyMark(group, FAN_MARK_MNTNS, FAN_MNT_ATTACH | FAN_MNT_DETACH, namespace);
    return group;
  } catch {
    group?.close();
    return undefined;
  }
}
