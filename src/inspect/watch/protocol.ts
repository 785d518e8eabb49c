/** What the reader thread and the watch tell each other. */
import type { Bytes } from "../../base/bytes.js";
import type { WatchEvent } from "../events.js";

/** What a watch can tell on this host, and what it can't. */
export interface Abilities {
  /** `inotify` where fanotify may not be used: it never names a process, and can miss what comes and goes at once. */
  readonly events: "fanotify" | "inotify";
  /** Where removals of files are learnt from: on ext4 the kernel's tracepoint costs those who delete the least. */
  readonly removals: "tracepoint" | "fanotify" | "inotify";
  /** The targets that do not exist yet: each is reported once it is created. */
  readonly missing: readonly Bytes[];
  /** The best way there is to name a process. */
  readonly naming: "bpf" | "exec-event" | "proc" | "none";
  /** How many directories are watched. */
  readonly directories: number;
  /** What is missing and why, in sentences for a person. */
  readonly notices: readonly string[];
}

export interface ReaderInput {
  readonly targets: readonly Bytes[];
  /** Makes the reader end. */
  readonly stop: number;
  /** One Int32: how many events were sent, and not taken from the watch yet. */
  readonly pending: SharedArrayBuffer;
  /** Ways of naming a process not to be tried, and events not to be used: to see what a lesser host would do. */
  readonly without: readonly ("bpf" | "exec-event" | "fanotify" | "tracepoint")[];
}

export type ReaderMessage =
  | { readonly type: "ready"; readonly abilities: Abilities }
  | { readonly type: "events"; readonly events: readonly WatchEvent[] }
  | { readonly type: "notice"; readonly notice: string }
  | { readonly type: "end" };
