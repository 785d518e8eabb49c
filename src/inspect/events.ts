/** The events of a watch, and the process that caused each. */
import type { Bytes } from "../base/bytes.js";
import type { InodeKind, Source, TimestampName } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";

/**
 * How the process was identified. `bpf`: an eBPF program recorded it when it started. `exec-event`: the kernel reported
 * which program it executed. `proc`: it was read from /proc while the process was running. `gone`: it had already exited;
 * only its PID is known. `outside`: it is in another PID namespace. `unknown`: the event has no PID.
 */
export type ActorSource = "bpf" | "exec-event" | "proc" | "gone" | "outside" | "unknown";

/** The process that caused an event. */
export interface Actor {
  /** 0 if unknown. */
  readonly pid: number;
  readonly source: ActorSource;
  readonly parent?: number;
  /** The path of the program, as passed to execve(2) or as shown in /proc. */
  readonly exe?: Bytes;
  readonly cmdline?: readonly Bytes[];
  /** The command line is incomplete: it was longer than the recorder stores. */
  readonly truncated?: boolean;
  readonly uid?: number;
  /** The systemd unit, derived from the cgroup. */
  readonly unit?: Bytes;
  /** The container ID, derived from the cgroup. */
  readonly container?: Bytes;
}

/** The last known state of an entry. */
export interface Victim {
  readonly kind: InodeKind;
  /** In bytes. */
  readonly size: number;
  readonly uid: number;
  readonly atime: Nanoseconds;
  readonly mtime: Nanoseconds;
  readonly ctime: Nanoseconds;
  readonly btime?: Nanoseconds;
}

export type WatchOperation =
  | "create"
  | "delete"
  | "rename"
  | "replace"
  | "exchange"
  | "mount"
  | "unmount"
  /** Events arrived faster than the watch was read: `folded` has the number of events that were not reported one by one. */
  | "folded"
  /** The kernel dropped events: `path` is where, `count` how many, if known. */
  | "lost";

/** One change below a watched path. */
export interface WatchEvent {
  /** When the event was read, in nanoseconds since the epoch: a few milliseconds late, since the kernel's events have no time. */
  readonly time: Nanoseconds;
  readonly op: WatchOperation;
  /** For a `rename`, the old path; for a `replace`, the path whose file was replaced. */
  readonly path: Bytes;
  readonly kind?: InodeKind;
  /** For a `rename` or `exchange`, the new path; undefined if it is not watched and unknown. */
  readonly to?: Bytes;
  /** For a `replace`, the path that was renamed to this one. */
  readonly from?: Bytes;
  readonly actor: Actor;
  /** For `folded`: the combined events; `path` is a directory that contains all of their paths. */
  readonly folded?: { readonly op: WatchOperation; readonly count: number };
  /** For `lost`: the number of events, if known. */
  readonly count?: number;
  /** What was removed or replaced; undefined if it existed too briefly to be examined. */
  readonly victim?: Victim;
  /** If a cleaner did it: the configuration line that applied. */
  readonly line?: Source;
  /** If a cleaner did it for an unknown line: the reason, as text. */
  readonly lineUnknown?: string;
  readonly decisive?: { readonly timestamp: TimestampName; readonly time: Nanoseconds };
  /** How to keep the path the next time, as text. */
  readonly advice?: readonly string[];
}
