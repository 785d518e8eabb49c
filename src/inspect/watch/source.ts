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
  /** The changes since the last call; does not block. */
  read(): Change[];
  /** The returned function reports whether everything that happened before this call has been read. */
  untilNow(): () => boolean;
  /** The changes were reported: what was open to name their processes can be closed. */
  release(): void;
  mounted(point: Bytes): void;
  unmounted(point: Bytes): void;
  close(): void;
}
