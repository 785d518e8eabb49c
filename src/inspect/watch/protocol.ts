/** The messages between the reader thread and the watch. */
import type { Bytes } from "../../base/bytes.js";
import type { WatchEvent } from "../events.js";

/** A way to name a process, or to read events, that a watch can do without. */
export type WatchFeature = "bpf" | "exec-event" | "fanotify" | "tracepoint";

/** What a watch can report on this host, and what it cannot. */
export interface Abilities {
  /** `inotify` if fanotify is not permitted: it reports no process, and can miss what is created and removed at once. */
  readonly events: "fanotify" | "inotify";
  /** The source for removals of files: on ext4, the kernel's tracepoint slows down deletions the least. */
  readonly removals: "tracepoint" | "fanotify" | "inotify";
  /** Targets that do not exist yet: each is reported when it is created. */
  readonly missing: readonly Bytes[];
  /** The best available way to name a process. */
  readonly naming: "bpf" | "exec-event" | "proc" | "none";
  /** How many directories are watched. */
  readonly directories: number;
  /** What is missing and why, in sentences. */
  readonly notices: readonly string[];
}

export interface ReaderInput {
  readonly targets: readonly Bytes[];
  /** Makes the reader end. */
  readonly stop: number;
  /** One Int32: the number of events that were sent and not yet read from the watch. */
  readonly pending: SharedArrayBuffer;
  /** Ways to name a process, and events, that are not used, to behave as a host without them. */
  readonly without: readonly WatchFeature[];
}

export type ReaderMessage =
  | { readonly type: "ready"; readonly abilities: Abilities }
  | { readonly type: "events"; readonly events: readonly WatchEvent[] }
  | { readonly type: "notice"; readonly notice: string }
  | { readonly type: "end" };
