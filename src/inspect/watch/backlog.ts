/** Bounds the events that wait for the reader of a watch: beyond the limit they are only counted, by process and directory. */
import { type Bytes, dirname, isBelow } from "../../base/bytes.js";
import type { WatchEvent } from "../events.js";

/** At most this many events wait to be read. */
const MOST_PENDING = 20_000;
/** Folded events are sent when no more than this many are waiting. */
const FEW_PENDING = 5_000;
/** At most this many pairs of process and directory are counted separately; then only processes, then only operations. */
const MOST_PLACES = 500;
const MOST_PROCESSES = 1_000;

type Folded = { -readonly [Key in keyof WatchEvent]: WatchEvent[Key] } & {
  folded: { op: WatchEvent["op"]; count: number };
};

export class Backlog {
  readonly #pending: Int32Array;
  readonly #send: (events: WatchEvent[]) => void;
  readonly #folded = new Map<string, Folded>();

  /** `pending` is shared with the thread that reads the events, which decrements it. */
  constructor(pending: Int32Array, send: (events: WatchEvent[]) => void) {
    this.#pending = pending;
    this.#send = send;
  }

  push(events: readonly WatchEvent[]): void {
    const room = MOST_PENDING - Atomics.load(this.#pending, 0);
    if (this.#folded.size === 0 && events.length <= room) this.#post([...events]);
    else for (const event of events) this.#fold(event);
    if (Atomics.load(this.#pending, 0) <= FEW_PENDING) this.flush();
  }

  /** Sends the folded events, even if others are waiting: 1,500 and a few at most. */
  flush(): void {
    const folded = [...this.#folded.values()];
    this.#folded.clear();
    this.#post(folded);
  }

  #post(events: WatchEvent[]): void {
    if (events.length === 0) return;
    Atomics.add(this.#pending, 0, events.length);
    this.#send(events);
  }

  #fold(event: WatchEvent): void {
    const { actor, op, path, time, count = 1 } = event;
    const who = `${op} ${actor.pid} ${actor.uid ?? ""} ${actor.exe ?? ""}`;
    const found =
      this.#folded.get(`${who}\0${dirname(path)}`) ??
      (this.#folded.size < MOST_PLACES ? undefined : this.#folded.get(who));
    if (found !== undefined) {
      found.folded.count += count;
      found.path = common(found.path, path);
      return;
    }
    const few = this.#folded.size < MOST_PLACES;
    const key = few ? `${who}\0${dirname(path)}` : this.#folded.size < MOST_PROCESSES ? who : op;
    const known = this.#folded.get(key);
    if (known !== undefined) {
      known.folded.count += count;
      known.path = common(known.path, path);
      return;
    }
    const by = key === op ? ({ pid: 0, source: "unknown" } as const) : actor;
    this.#folded.set(key, { time, op: "folded", path: dirname(path), actor: by, folded: { op, count } });
  }
}

/** The nearest directory above both, or the first one if it contains the second. */
function common(directory: Bytes, path: Bytes): Bytes {
  let above = directory;
  while (!isBelow(path, above)) above = dirname(above);
  return above;
}
