/** The events of a watch, and the process that caused each. */
import type { Bytes } from "../base/bytes.js";
import type { InodeKind, Source, TimestampName } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";

/**
 * How the process was found out: `bpf` from the recorder in the kernel; `exec-event` its program from the event of its
 * execution; `proc` from /proc while it lived; `gone`: it was gone, and only its number is known; `outside`: it is in
 * another pid namespace; `unknown`: the events bear no process.
 */
export type ActorSource = "bpf" | "exec-event" | "proc" | "gone" | "outside" | "unknown";

/** The process that did something. */
export interface Actor {
  /** 0 where it is not known. */
  readonly pid: number;
  readonly source: ActorSource;
  readonly parent?: number;
  /** The program: as it was given to execve(2), or as /proc shows it. */
  readonly exe?: Bytes;
  readonly cmdline?: readonly Bytes[];
  /** The command line was longer than the recorder keeps. */
  readonly truncated?: boolean;
  readonly uid?: number;
  /** The systemd unit, by its cgroup. */
  readonly unit?: Bytes;
  /** The container, by its cgroup. */
  readonly container?: Bytes;
}

/** What was last known of an entry. */
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
  /** Events came faster than they were read from the watch: `folded` says how many were not reported one by one. */
  | "folded"
  /** The kernel lost events: `path` is where, `count` how many, if that is known. */
  | "lost";

/** One change below a watched path. */
export interface WatchEvent {
  /** When the event was read: some milliseconds after it happened, since the kernel's events bear no time. */
  readonly time: Nanoseconds;
  readonly op: WatchOperation;
  /** Of a `rename`, the former path; of a `replace`, the path whose file was replaced. */
  readonly path: Bytes;
  readonly kind?: InodeKind;
  /** Of a `rename` and `exchange`: the new path; undefined where it left what is watched and can't be told. */
  readonly to?: Bytes;
  /** Of a `replace`: the path that was renamed onto this one. */
  readonly from?: Bytes;
  readonly actor: Actor;
  /** Of `folded`: `path` is the directory that all of them lie below. */
  readonly folded?: { readonly op: WatchOperation; readonly count: number };
  /** Of `lost`. */
  readonly count?: number;
  /** What was removed or replaced; undefined where it did not live long enough to be looked at. */
  readonly victim?: Victim;
  /** Where a cleaner did it: the line that told it to, and why the entry was old enough. */
  readonly line?: Source;
  /** Why the line that told a cleaner to do it is not known, in words. */
  readonly lineUnknown?: string;
  readonly decisive?: { readonly timestamp: TimestampName; readonly time: Nanoseconds };
  /** What would keep it the next time. */
  readonly advice?: readonly string[];
}
