/** The directories that a source watches. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { Fd } from "../../sys/files.js";
import type { WatchEnvironment } from "./change.js";
import { type Directory, Model } from "./model.js";
import { type EntryStore, type NameIn, openWatchedDirectory, scan } from "./scan.js";
import { addTarget } from "./targets.js";
import { Tracker } from "./tracker.js";

/** What is known of the directories that a source of events watches, and what could not be watched. */
export class WatchedTree {
  readonly model = new Model();
  readonly tracker: Tracker;
  /** In words; more may come while it goes on. */
  readonly notices: string[] = [];
  readonly #targets: readonly Bytes[];
  readonly #keeper: EntryStore;

  constructor(targets: readonly Bytes[], source: EntryStore & WatchEnvironment) {
    this.tracker = new Tracker(this.model, targets, source);
    this.#targets = targets;
    this.#keeper = source;
  }

  /** Takes the targets in, as they are now. */
  begin(): void {
    for (const target of this.#targets) this.#note(addTarget(this.model, this.#keeper, target).closed);
  }

  /** Takes in what an open directory holds; returns what was not known. */
  scan(from: Fd, into: Directory): readonly NameIn[] {
    const { added, closed } = scan(this.model, this.#keeper, from, into);
    this.#note(closed);
    return added;
  }

  /**
   * Takes in what was mounted on a directory. Undefined for a directory that is watched already: a bind mount shows it at
   * a second place.
   */
  mounted(point: Bytes): Directory | undefined {
    using directory = openWatchedDirectory(Fd.cwd, point);
    const key = this.#keeper.enter(directory);
    if (key === undefined || this.model.living(key) !== undefined) return undefined;
    const root = this.model.addRoot(key, point);
    this.scan(directory, root);
    return root;
  }

  #note(closed: readonly Bytes[]): void {
    for (const path of closed) this.notices.push(`${escapeForDisplay(path)} cannot be watched`);
  }
}
