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
import type { Abilities, ReaderInput, ReaderMessage } from "./protocol.js";

export interface WatchOptions {
  /** Ends the watch: what happened until then is still told. */
  readonly signal?: AbortSignal;
  /** What is noticed while it goes on: a directory that can't be watched, a limit that is reached. */
  readonly onNotice?: (notice: string) => void;
  /** What is wrong with the host's configuration: no line of it that is invalid removes anything. */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void;
  /** Do without these, as a host would that does not have them. */
  readonly without?: ReaderInput["without"];
}

const WATCH_OPTIONS: Record<keyof WatchOptions, Expectation> = {
  signal: SIGNAL,
  onNotice: FUNCTION,
  onDiagnostic: FUNCTION,
  without: listOf(choices("bpf", "exec-event", "fanotify", "tracepoint")),
};

/** A watch that goes on: iterate over it to get what happens, and close it when that is enough. */
export interface Watch extends AsyncIterableIterator<WatchEvent> {
  /** Settled once everything below the paths is being watched: what this host allows to be told. */
  readonly ready: Promise<Abilities>;
  /** Ends it; the iteration goes on to the last event that happened before. */
  close(): void;
}

/**
 * Tells each creation, removal, rename, replacement, mount and unmount at or below `paths`, and who did it: by fanotify(7)
 * as root, by inotify(7) otherwise, which can name nobody. It changes nothing, moves no timestamp, and keeps no file
 * system from being unmounted. A path that does not exist yet is waited for.
 *
 * Paths are text or bytes; relative ones are taken below the working directory. Times are nanoseconds since the epoch.
 *
 * @throws TypeError if an option is unknown or invalid; SyscallError by `ready` and by the iteration, where nothing can be watched at all.
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
  // A watch that nobody waits for to be ready still fails by its iteration.
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

/** Events in the order of their coming, for one reader that takes its time. */
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
