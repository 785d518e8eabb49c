/** What a walk notes about one directory for the directory index. */
import { S_IFDIR } from "../../sys/inode.js";
import { CTIME, type StatxBuffer } from "../../sys/scan.js";
import type { Seen } from "./directory-index.js";

/** Notes about the entries of one directory. They are complete unless an entry was missed or is a mount point. */
export class IndexNotes {
  /** Whether the index is used for the subdirectories, and updated. */
  enabled = false;
  /** The index knows the files of this directory, so the walk skips them. */
  filesKnown = false;
  complete = true;
  #oldest = Number.POSITIVE_INFINITY;
  #files = 0;
  #hasDirectories = false;

  begin(enabled: boolean, filesKnown: boolean): void {
    this.enabled = enabled;
    this.filesKnown = filesKnown;
    this.complete = true;
    this.#oldest = Number.POSITIVE_INFINITY;
    this.#files = 0;
    this.#hasDirectories = false;
  }

  addEntry(stat: StatxBuffer): void {
    if (stat.isMountRoot) this.complete = false;
    if (stat.type === S_IFDIR) this.#hasDirectories = true;
    else this.addFiles(1, stat.seconds(CTIME));
  }

  /** Adds entries that are not directories, given their oldest ctime in seconds. */
  addFiles(count: number, oldest: number): void {
    this.#files += count;
    if (oldest < this.#oldest) this.#oldest = oldest;
  }

  /** Adds the notes of another thread. */
  merge(complete: boolean, { oldest, files, hasDirectories }: Seen): void {
    this.complete &&= complete;
    this.addFiles(files, oldest);
    this.#hasDirectories ||= hasDirectories;
  }

  get seen(): Seen {
    return { oldest: this.#oldest, files: this.#files, hasDirectories: this.#hasDirectories };
  }
}
