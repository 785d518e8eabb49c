import type { Bytes } from "../../base/bytes.js";
import type { Fd } from "../../sys/files.js";
import type { Change } from "./tracker.js";

/** Where changes come from. */
export interface ChangeSource {
  /** Readable when there is something to read. */
  readonly fds: readonly Fd[];
  /** How many directories are watched. */
  readonly directories: number;
  /** What could not be watched, in words; more may come while it goes on. */
  readonly notices: string[];
  /** What has happened since; does not block. */
  read(): Change[];
  /** The changes have been told: what was held open to name their processes can go. */
  release(): void;
  mounted(point: Bytes): void;
  unmounted(point: Bytes): void;
  close(): void;
}
