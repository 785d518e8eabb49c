/** The journal: before names are unlinked, that they will be; afterwards, what became of each. */
import type { Bytes } from "../base/bytes.js";
import { type DirectoryTimes, relative, type WorkUnit } from "./unit.js";

/** Written before the first of the names is unlinked. */
export interface Intent {
  readonly type: "intent";
  /** Unique: the unit, the attempt at it, and a number. */
  readonly id: string;
  readonly path: Bytes;
  readonly names: readonly Bytes[];
  /** The times of the directory, for a worker that continues after this one was killed. */
  readonly times: DirectoryTimes;
}

/** Written afterwards. Each name is in one of the lists, by its index in the intent, or was kept. */
export interface Result {
  readonly type: "outcome";
  readonly id: string;
  readonly removed: readonly number[];
  /** Somebody had removed it: this run, if an intent says so that has no outcome. */
  readonly missing: readonly number[];
  readonly bytes: number;
}

/** Written at the end, for paths of intents without an outcome: their worker was killed, and they are gone. */
interface Resolved {
  readonly type: "resolved";
  readonly paths: readonly Bytes[];
}

/** Written before parts of a unit become units of their own: a later attempt at the unit leaves them alone. */
interface Published {
  readonly type: "published";
  readonly units: readonly WorkUnit[];
}

export type JournalEntry = Intent | Result | Resolved | Published;

/** Reads a journal from its beginning. Its memory is bounded by what was begun and has no outcome. */
export class JournalReader {
  removed = 0;
  bytes = 0;
  readonly #begun = new Map<string, Intent>();
  /** Calls `report` for each removed path. */
  readonly #report: (path: Bytes) => void;

  constructor(report: (path: Bytes) => void = () => {}) {
    this.#report = report;
  }

  read(entry: JournalEntry): void {
    if (entry.type === "intent") this.#begun.set(entry.id, entry);
    else if (entry.type === "resolved") for (const path of entry.paths) this.#count(path);
    else if (entry.type === "outcome") this.#finish(entry);
  }

  #finish({ id, removed, missing, bytes }: Result): void {
    const intent = this.#begun.get(id);
    if (intent === undefined) return;
    this.#begun.delete(id);
    const at = (index: number): Bytes => relative(intent.path, intent.names[index] as Bytes);
    for (const index of removed) this.#count(at(index));
    this.bytes += bytes;
    const absent = new Set(missing.map(at));
    for (const name of intent.names) {
      const path = relative(intent.path, name);
      if (!absent.has(path)) this.#settled.add(path);
    }
    if (this.#begun.size === 0) this.#settled.clear();
  }

  /** Paths with an outcome, as long as an intent that may name them too has none. */
  readonly #settled = new Set<Bytes>();

  #count(path: Bytes): void {
    this.removed++;
    this.#report(path);
  }

  /** The paths that were to be removed, and of which no outcome says what became of them. */
  open(): Bytes[] {
    const paths = [...this.#begun.values()].flatMap(({ path, names }) =>
      names.map((name) => relative(path, name)),
    );
    return [...new Set(paths)].filter((path) => !this.#settled.has(path));
  }
}
