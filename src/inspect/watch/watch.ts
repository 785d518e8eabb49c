/** Reports removals as they happen. */
import { Worker } from "node:worker_threads";
import { choices, type Expectation, FUNCTION, listOf, SIGNAL } from "../../base/arguments.js";
import type { PathInput } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import { eventFd, wake } from "../../sys/poll.js";
import type { WatchEvent } from "../events.js";
import { loadConfiguration, problemsOf } from "../explain/configuration.js";
import { absolutePaths } from "../paths.js";
import { Attribution } from "./attribution.js";
import type { Abilities, ReaderInput, ReaderMessage, WatchFeature } from "./protocol.js";

export interface WatchOptions {
  /** Ends the watch: what happened until then is still reported. */
  readonly signal?: AbortSignal;
  /** Problems during the watch: a directory that cannot be watched, a limit that was reached. */
  readonly onNotice?: (notice: string) => void;
  /** Problems in the host's configuration: invalid lines remove nothing. */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void;
  /** Features not to use, to behave as a host without them. */
  readonly without?: readonly WatchFeature[];
}

const WATCH_OPTIONS: Record<keyof WatchOptions, Expectation> = {
  signal: SIGNAL,
  onNotice: FUNCTION,
  onDiagnostic: FUNCTION,
  without: listOf(choices("bpf", "exec-event", "fanotify", "tracepoint")),
};

/** A running watch: iterate over it for the events, and close it to end it. */
export interface Watch extends AsyncIterableIterator<WatchEvent> {
  /** Fulfilled when everything below the paths is watched, with what this host can report. */
  readonly ready: Promise<Abilities>;
  /** Ends it; the iteration still returns the events that happened before. */
  close(): void;
}

/**
 * Reports each creation, removal, rename, replacement, mount and unmount at or below `paths`, and the process: with
 * fanotify(7) as root, otherwise with inotify(7), which cannot name processes. It changes nothing, no timestamp either, and
 * does not keep file systems from being unmounted. A path need not exist yet.
 *
 * Paths are text or bytes; relative ones start at the working directory. Times are nanoseconds since the epoch.
 *
 * @throws TypeError if an option is unknown or invalid; `ready` and the iteration throw SyscallError if nothing can be watched.
 */
export function watch(paths: PathInput | readonly PathInput[], options: WatchOptions = {}): Watch {
  const targets = absolutePaths("watch", paths, options, WATCH_OPTIONS);
  if (options.onDiagnostic !== undefined) {
    problemsOf(loadConfiguration({}), loadConfiguration({}, true)).forEach(options.onDiagnostic);
  }
  const stop = eventFd();
  const pending = new SharedArrayBuffer(4);
  const input: ReaderInput = {
    targets,
    stop: stop.number,
    pending,
    without: options.without ?? [],
  };
  const worker = new Worker(new URL("./reader.js", import.meta.url), { workerData: input });
  const queue = new EventQueue(new Int32Array(pending));
  const ready = new Promise<Abilities>((resolve, reject) => {
    worker.on("message", (message: ReaderMessage) => message.type === "ready" && resolve(message.abilities));
    worker.on("error", reject);
  });
  // If nobody awaits `ready`, the iteration still fails.
  ready.catch(() => {});
  let open = true;
  const close = (): void => {
    if (open) wake(stop);
    open = false;
  };
  worker.on("message", (message: ReaderMessage) => {
    if (message.type === "events") queue.push(message.events);
    else if (message.type === "notice") options.onNotice?.(message.notice);
  });
  worker.on("error", (error) => queue.fail(error));
  worker.on("exit", () => {
    open = false;
    stop.close();
    queue.end();
  });
  options.signal?.addEventListener("abort", close, { once: true });
  if (options.signal?.aborted) close();
  return Object.assign(queue.iterate(close), { ready, close });
}

/** A queue of events for one reader. */
class EventQueue {
  #batches: (readonly WatchEvent[])[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #pending: Int32Array;
  readonly #attribution = new Attribution();

  constructor(pending: Int32Array) {
    this.#pending = pending;
  }

  push(events: readonly WatchEvent[]): void {
    this.#batches.push(events);
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#error = error;
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *iterate(close: () => void): AsyncGenerator<WatchEvent, undefined> {
    try {
      for (;;) {
        const batches = this.#batches;
        this.#batches = [];
        for (const event of batches.flat()) {
          yield this.#attribution.attribute(event);
          Atomics.sub(this.#pending, 0, 1);
        }
        if (this.#batches.length > 0) continue;
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return undefined;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      close();
    }
  }
}
