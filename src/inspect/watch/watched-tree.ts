/** The directories that a source watches. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { Fd } from "../../sys/files.js";
import type { WatchEnvironment } from "./change.js";
import { type Directory, DirectoryModel } from "./directory-model.js";
import { type EntryStore, type NameIn, openWatchedDirectory, scan } from "./scan.js";
import { addTarget } from "./targets.js";
import { Tracker } from "./tracker.js";

/** The directories that a source watches, and those that could not be watched. */
export class WatchedTree {
  readonly model = new DirectoryModel();
  readonly tracker: Tracker;
  /** As sentences; more may be added during the watch. */
  readonly notices: string[] = [];
  readonly #targets: readonly Bytes[];
  readonly #keeper: EntryStore;

  constructor(targets: readonly Bytes[], source: EntryStore & WatchEnvironment) {
    this.tracker = new Tracker(this.model, targets, source);
    this.#targets = targets;
    this.#keeper = source;
  }

  /** Adds the targets in their current state. */
  begin(): void {
    for (const target of this.#targets) this.#note(addTarget(this.model, this.#keeper, target).closed);
  }

  /** Adds the contents of an open directory; returns what is new. */
  scan(from: Fd, into: Directory): readonly NameIn[] {
    const { added, closed } = scan(this.model, this.#keeper, from, into);
    this.#note(closed);
    return added;
  }

  /**
   * Adds what was mounted on a directory. Undefined if the directory is watched already: a bind mount shows it at a second
   * path.
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
