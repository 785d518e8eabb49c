/** Puts events and recorded removals in order. */
import {
  FAN_CREATE,
  FAN_DELETE,
  FAN_ONDIR,
  FAN_Q_OVERFLOW,
  type FanotifyEvent,
  type NameInDirectory,
} from "../../sys/fanotify.js";
import { MOST_UNLINKS, type Unlink, type UnlinkRecorder } from "../recorder/unlinks.js";

/** Reads a few events of the queue, none if it is empty; and whether a name now refers to an inode. */
export interface Queue {
  read(): FanotifyEvent[];
  isThere(event: FanotifyEvent): boolean;
}

/** A file created since the last read, and whether it still exists according to the events since then. */
interface CreatedFile {
  readonly event: FanotifyEvent;
  isThere: boolean;
}

/** Continuous changes must neither keep a batch from ending nor make it large. */
const MOST_ROUNDS = 4;
const MOST_WAITING = 4_096;

/**
 * Puts removals, which come from a ring buffer, between the events of fanotify, which have no timestamps: each removal has
 * the number of events that were queued before it. Both are recorded while the directory is locked, so the changes in and
 * of one directory are in order.
 */
export class Order {
  readonly #unlinks: Pick<UnlinkRecorder, "take" | "read" | "takeLost">;
  readonly #queue: Queue;
  /** Events that were read and not yet reported; the first is number `#reported` of all. */
  #waiting: FanotifyEvent[] = [];
  #next = 0;
  #reported = 0;
  readonly #made = new Map<string, CreatedFile>();

  constructor(unlinks: Pick<UnlinkRecorder, "take" | "read" | "takeLost">, queue: Queue) {
    this.#unlinks = unlinks;
    this.#queue = queue;
  }

  /** How many events of the queue have been reported. */
  get reported(): number {
    return this.#reported;
  }

  *read(): Generator<FanotifyEvent> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      this.#take();
      // Removals before these events are in the ring now; those before later events may not be.
      const safe = this.#taken;
      const unlinks = this.#unlinks.read();
      for (const unlink of unlinks) yield* this.#report(unlink);
      // Events that are not read yet may also be earlier.
      if (unlinks.length >= MOST_UNLINKS) continue;
      yield* this.#upTo(safe);
      if (this.#taken === this.#reported) break;
    }
    const lost = this.#unlinks.takeLost();
    if (lost > 0) yield { mask: FAN_Q_OVERFLOW, pid: -1, fd: -1, lost };
    for (const { event, isThere } of this.#made.values()) {
      if (!isThere && this.#queue.isThere(event)) yield { ...event, mask: FAN_CREATE };
    }
    this.#made.clear();
  }

  *#report(unlink: Unlink): Generator<FanotifyEvent> {
    const { pid, directory, name, target, after, before } = unlink;
    if (this.#taken < before) this.#take(before);
    yield* this.#upTo(after);
    if (before > after) yield* this.#upTo(this.#lastThatLeads(unlink));
    const made = this.#made.get(`${directory}/${name}`);
    if (made?.event.target === target) {
      // The kernel reported two links with one event, and this is the removal of the second.
      if (!made.isThere) yield { ...made.event, mask: FAN_CREATE };
      made.isThere = false;
    }
    yield { mask: FAN_DELETE, pid, fd: -1, at: { directory, name }, target };
  }

  /** The position after the last possibly earlier event that created the removed name. */
  #lastThatLeads({ directory, name, target, before }: Unlink): number {
    const candidates = this.#waiting.slice(this.#next, this.#next + Math.max(0, before - this.#reported));
    const isIt = (at: NameInDirectory | undefined): boolean =>
      at?.directory === directory && at.name === name;
    const last = candidates.findLastIndex(
      (event) => event.target === target && (isIt(event.at) || isIt(event.to)),
    );
    return this.#reported + last + 1;
  }

  /** Reports the events up to this number. */
  *#upTo(count: number): Generator<FanotifyEvent> {
    while (this.#reported < count) {
      const event = this.#waiting[this.#next];
      if (event === undefined) return;
      this.#next++;
      this.#reported++;
      if ((event.mask & FAN_CREATE) !== 0 && (event.mask & FAN_ONDIR) === 0 && event.at !== undefined)
        this.#made.set(`${event.at.directory}/${event.at.name}`, { event, isThere: true });
      yield event;
    }
  }

  get #taken(): number {
    return this.#reported + this.#waiting.length - this.#next;
  }

  /** Reads some events, and at least up to this number. */
  #take(least = 0): void {
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
    for (let more = true; more && (this.#waiting.length < MOST_WAITING || this.#taken < least); ) {
      const events = this.#unlinks.take(() => this.#queue.read());
      for (const event of events) this.#waiting.push(event);
      more = events.length > 0;
    }
  }
}
