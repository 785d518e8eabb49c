/** Opens the best source of changes that the host allows. */
import type { Bytes } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { Fd } from "../../sys/files.js";
import { statx } from "../../sys/inode.js";
import { procShowsOwnPids } from "../../sys/processes.js";
import type { Actor } from "../events.js";
import { ExecRecorder } from "../recorder/recorder.js";
import { type ProcessHint, ProcessResolver } from "./actor.js";
import type { Change } from "./change.js";
import { ExecEvents } from "./exec-events.js";
import { FanotifySource } from "./fanotify-source.js";
import { InotifySource } from "./inotify-source.js";
import { MountEvents } from "./mount-events.js";
import type { Abilities, ReaderInput } from "./protocol.js";
import type { ChangeSource } from "./source.js";

export interface OpenedWatch {
  readonly abilities: Abilities;
  readonly notices: string[];
  readonly fds: readonly Fd[];
  read(): Change[];
  untilNow(): () => boolean;
  name(hint: ProcessHint): Actor;
  release(): void;
  close(): void;
}

/** Opens the best source that this host allows, and reports what is missing. */
export function openWatch(input: ReaderInput): OpenedWatch {
  const notices: string[] = [];
  // First, so that processes are recorded while the directories are scanned.
  const { recorder, execs } = openWitnesses(input, notices);
  const source = openSource(input, recorder === undefined, notices);
  const mounts = new MountEvents(input.targets);
  if (!mounts.namesProcesses)
    notices.push("mounts are reported late and without a process (needs Linux 6.15)");
  const isFanotify = source instanceof FanotifySource;
  const resolver = new ProcessResolver(recorder, execs);
  return {
    abilities: {
      events: isFanotify ? "fanotify" : "inotify",
      naming: !isFanotify
        ? "none"
        : recorder !== undefined
          ? "bpf"
          : execs !== undefined
            ? "exec-event"
            : "proc",
      removals: !isFanotify ? "inotify" : source.usesTracepoint ? "tracepoint" : "fanotify",
      missing: input.targets.filter((target) => !exists(target)),
      directories: source.tree.model.size,
      notices: [...notices, ...source.tree.notices.splice(0)],
    },
    notices: source.tree.notices,
    fds: [...source.fds, ...mounts.fds, ...(execs === undefined ? [] : [execs.fd])],
    read() {
      const changes = [...source.read(), ...readMounts(mounts, source)];
      // Afterwards: a process that did something was executed before, so its event is already queued.
      execs?.read();
      return changes;
    },
    untilNow: () => source.untilNow(),
    name: (hint) => resolver.name(hint),
    release: () => source.release(),
    close() {
      for (const each of [source, mounts, execs, recorder]) each?.close();
    },
  };
}

function readMounts(mounts: MountEvents, source: ChangeSource): Change[] {
  const changes = mounts.read();
  for (const { op, path } of changes) {
    if (op === "mount") source.mounted(path);
    else source.unmounted(path);
  }
  return changes;
}

interface Witnesses {
  readonly recorder?: ExecRecorder;
  readonly execs?: ExecEvents;
}

function openWitnesses({ without }: ReaderInput, notices: string[]): Witnesses {
  if (without.includes("fanotify")) return {};
  if (!without.includes("bpf")) {
    try {
      return { recorder: new ExecRecorder() };
    } catch (error) {
      notices.push(`short-lived processes may not be identified: ${firstLine(error)}`);
    }
  }
  if (!procShowsOwnPids()) {
    notices.push("/proc belongs to another PID namespace and is not used to identify processes");
  }
  if (without.includes("exec-event")) return {};
  try {
    return { execs: new ExecEvents() };
  } catch {
    return {};
  }
}

function openSource(
  { targets, without }: ReaderInput,
  reportPidfd: boolean,
  notices: string[],
): ChangeSource {
  if (!without.includes("fanotify")) {
    try {
      return new FanotifySource(targets, reportPidfd, !without.includes("tracepoint"));
    } catch (error) {
      if (!failedWith(error, "EPERM", "ENOSYS", "EINVAL")) throw error;
    }
  }
  notices.push(
    "fanotify is not available (it needs root: CAP_SYS_ADMIN in the initial user namespace): processes cannot be " +
      "identified, and files that are created and removed at once may be missed",
  );
  return new InotifySource(targets);
}

function exists(path: Bytes): boolean {
  try {
    statx(Fd.cwd, path);
    return true;
  } catch (error) {
    return !failedWith(error, "ENOENT", "ENOTDIR");
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
