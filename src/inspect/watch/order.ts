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

/** A few events of the queue, none where it is empty; and whether a name leads to an inode now. */
export interface Queue {
  read(): FanotifyEvent[];
  isThere(event: FanotifyEvent): boolean;
}

/** A file that was made since the last read, and whether it is still there by what was told since. */
interface Made {
  readonly event: FanotifyEvent;
  isThere: boolean;
}

/** Whoever keeps making changes must not keep a batch from ending, nor make it large. */
const MOST_ROUNDS = 4;
const MOST_WAITING = 4_096;

/**
 * Puts removals, which come by a ring, between the events of fanotify, which bear no time: each removal bears how many
 * events had been queued by then. An event is queued while its directory is locked, as a removal is recorded, so what
 * happens in one directory, and to it, is in order.
 */
export class Order {
  readonly #unlinks: Pick<UnlinkRecorder, "take" | "read" | "takeLost">;
  readonly #queue: Queue;
  /** Events that were taken and not yet told, the first of them the `#told`th of all. */
  #waiting: FanotifyEvent[] = [];
  #next = 0;
  #told = 0;
  readonly #made = new Map<string, Made>();

  constructor(unlinks: Pick<UnlinkRecorder, "take" | "read" | "takeLost">, queue: Queue) {
    this.#unlinks = unlinks;
    this.#queue = queue;
  }

  /** How many events of the queue have been reported. */
  get told(): number {
    return this.#told;
  }

  *read(): Generator<FanotifyEvent> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      this.#take();
      // Removals that came before these events are in the ring by now; those of before later events may not be.
      const safe = this.#taken;
      const unlinks = this.#unlinks.read();
      for (const unlink of unlinks) yield* this.#tell(unlink);
      // Those that were not read yet may have come before, too.
      if (unlinks.length >= MOST_UNLINKS) continue;
      yield* this.#upTo(safe);
      if (this.#taken === this.#told) break;
    }
    const lost = this.#unlinks.takeLost();
    if (lost > 0) yield { mask: FAN_Q_OVERFLOW, pid: -1, fd: -1, lost };
    for (const { event, isThere } of this.#made.values()) {
      if (!isThere && this.#queue.isThere(event)) yield { ...event, mask: FAN_CREATE };
    }
    this.#made.clear();
  }

  *#tell(unlink: Unlink): Generator<FanotifyEvent> {
    const { pid, directory, name, target, after, before } = unlink;
    if (this.#taken < before) this.#take(before);
    yield* this.#upTo(after);
    if (before > after) yield* this.#upTo(this.#lastThatLeads(unlink));
    const made = this.#made.get(`${directory}/${name}`);
    if (made?.event.target === target) {
      // The kernel told of two links with one event, and this is the second that goes.
      if (!made.isThere) yield { ...made.event, mask: FAN_CREATE };
      made.isThere = false;
    }
    yield { mask: FAN_DELETE, pid, fd: -1, at: { directory, name }, target };
  }

  /** The place after the last event which made the name what was removed, among those that may have come before. */
  #lastThatLeads({ directory, name, target, before }: Unlink): number {
    const candidates = this.#waiting.slice(this.#next, this.#next + Math.max(0, before - this.#told));
    const isIt = (at: NameInDirectory | undefined): boolean =>
      at?.directory === directory && at.name === name;
    const last = candidates.findLastIndex(
      (event) => event.target === target && (isIt(event.at) || isIt(event.to)),
    );
    return this.#told + last + 1;
  }

  /** Tells the events up to this one of all. */
  *#upTo(count: number): Generator<FanotifyEvent> {
    while (this.#told < count) {
      const event = this.#waiting[this.#next];
      if (event === undefined) return;
      this.#next++;
      this.#told++;
      if ((event.mask & FAN_CREATE) !== 0 && (event.mask & FAN_ONDIR) === 0 && event.at !== undefined)
        this.#made.set(`${event.at.directory}/${event.at.name}`, { event, isThere: true });
      yield event;
    }
  }

  get #taken(): number {
    return this.#told + this.#waiting.length - this.#next;
  }

  /** Some events, and all up to this one of all. */
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
