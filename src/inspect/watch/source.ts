/** The interface of a source of changes. */
import type { Bytes } from "../../base/bytes.js";
import type { Fd } from "../../sys/files.js";
import type { Change } from "./change.js";
import type { WatchedTree } from "./watched-tree.js";

/** Where changes come from. */
export interface ChangeSource {
  /** Readable when there is something to read. */
  readonly fds: readonly Fd[];
  readonly tree: WatchedTree;
  /** What has happened since; does not block. */
  read(): Change[];
  /** The returned function says whether all that had happened at this call has been read since. */
  untilNow(): () => boolean;
  /** The changes have been told: what was held open to name their processes can go. */
  release(): void;
  mounted(point: Bytes): void;
  unmounted(point: Bytes): void;
  close(): void;
}
