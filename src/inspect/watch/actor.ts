/** Finds out which process caused an event. */
import { type Bytes, basename, components, isAbsolute } from "../../base/bytes.js";
import { Fd } from "../../sys/files.js";
import {
  isUnreaped,
  processStatus,
  procShowsOwnPids,
  programOf,
  runningPids,
  startTicks,
} from "../../sys/processes.js";
import type { Actor } from "../events.js";
import type { ExecRecorder, ProcessRecord } from "../recorder/recorder.js";
import type { ExecEvents } from "./exec-events.js";

/** What an event contains about the process that caused it. */
export interface ProcessHint {
  /** Negative if unknown; 0 if the process is in another pid namespace. */
  readonly pid: number;
  /** Open if the event had one: it proves that /proc shows the same process. */
  readonly pidfd?: number;
}

/** Names processes: asks the recorder first, then exec events, then /proc; and reports which of them answered. */
export class ProcessResolver {
  readonly #recorder: ExecRecorder | undefined;
  readonly #execs: ExecEvents | undefined;
  readonly #procIsOurs = procShowsOwnPids();
  /** Processes that were started before the recorder. */
  readonly #before = new Map<number, Before>();

  constructor(recorder: ExecRecorder | undefined, execs: ExecEvents | undefined) {
    this.#recorder = recorder;
    this.#execs = execs;
    if (recorder === undefined || !this.#procIsOurs) return;
    for (const pid of runningPids()) {
      const started = startTicks(pid);
      const actor = fromProc(pid);
      if (actor !== undefined) this.#before.set(pid, { actor, started });
    }
  }

  name({ pid, pidfd }: ProcessHint): Actor {
    if (pid < 0) return { pid: 0, source: "unknown" };
    if (pid === 0) return { pid: 0, source: "outside" };
    return (
      this.#recorded(pid) ?? this.#executed(pid, pidfd) ?? this.#alive(pid, pidfd) ?? { pid, source: "gone" }
    );
  }

  #recorded(pid: number): Actor | undefined {
    const record = this.#recorder?.lookUp(pid);
    if (record === undefined) return this.#recorder === undefined ? undefined : this.#fromBefore(pid);
    if (record.program !== "") return fromRecord(record);
    // It was forked by such a process, and runs the same program.
    const parent = this.#fromBefore(record.parent);
    return parent && { ...parent, pid, parent: record.parent, uid: record.uid, ...placeOf(record.cgroup) };
  }

  /** Not if another process may have the PID now: the recorder drops old entries, and PIDs are reused. */
  #fromBefore(pid: number): Actor | undefined {
    const before = this.#before.get(pid);
    const started = before && startTicks(pid);
    if (started === undefined || started === before?.started) return before?.actor;
    this.#before.delete(pid);
    return undefined;
  }

  /** While it lives, /proc has more, also about programs on file systems without events. */
  #executed(pid: number, pidfd: number | undefined): Actor | undefined {
    const exe = this.#execs?.programOf(pid);
    if (exe === undefined) return undefined;
    return this.#alive(pid, pidfd) ?? { pid, source: "exec-event", exe };
  }

  #alive(pid: number, pidfd: number | undefined): Actor | undefined {
    if (!this.#procIsOurs) return undefined;
    const actor = fromProc(pid);
    // If the PID was reused, /proc would show another process's name.
    return pidfd !== undefined && !isUnreaped(new Fd(pidfd, `/proc/${pid}` as Bytes)) ? undefined : actor;
  }
}

interface Before {
  readonly actor: Actor;
  readonly started: number | undefined;
}

function fromRecord(record: ProcessRecord): Actor {
  const { pid, parent, uid, arguments: cmdline, truncated } = record;
  const source = "bpf";
  return { pid, source, parent, exe: absolute(record), cmdline, truncated, uid, ...placeOf(record.cgroup) };
}

/** A relative name is completed while the process lives. */
function absolute({ pid, program }: ProcessRecord): Bytes {
  if (isAbsolute(program)) return program;
  const path = programOf(pid);
  return path !== undefined && basename(path) === basename(program) ? path : program;
}

function fromProc(pid: number): Actor | undefined {
  const status = processStatus(pid);
  if (status?.program === undefined) return undefined;
  const { parent, uid, program: exe, arguments: cmdline, cgroup } = status;
  return { pid, source: "proc", parent, exe, cmdline, uid, ...placeOf(components(cgroup)) };
}

const UNIT = /\.(service|scope|socket|mount|swap|timer)$/;
/** How container managers name their cgroups. */
const CONTAINER = /^(?:docker|libpod|cri-containerd|crio|lxc\.payload|machine)[-.](.+?)(?:\.scope)?$/;

/** The unit and the container of a cgroup: the innermost in its path. */
export function placeOf(cgroup: readonly Bytes[]): { unit?: Bytes; container?: Bytes } {
  const unit = cgroup.findLast((name) => UNIT.test(name));
  const container = cgroup.map((name) => CONTAINER.exec(name)?.[1]).findLast((id) => id !== undefined);
  return {
    ...(unit !== undefined && { unit }),
    ...(container !== undefined && { container: container as Bytes }),
  };
}
