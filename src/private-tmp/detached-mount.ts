/** A mount that is not attached yet. */
import type { Bytes } from "../base/bytes.js";
import type { Fd } from "../sys/files.js";

/** A mount that is made, and not yet anywhere. */
export interface Detached {
  /** Where it will be seen. */
  readonly target: Bytes;
  /** The mount; it stays open, since it tells later whether somebody still has it. */
  readonly mount: Fd;
}
