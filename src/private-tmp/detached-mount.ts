/** A mount that was created and is not attached yet. */
import type { Bytes } from "../base/bytes.js";
import type { Fd } from "../sys/files.js";

export interface Detached {
  /** The path at which it will be attached. */
  readonly target: Bytes;
  /** The mount. It is kept open, since it later shows whether any process still has the mount. */
  readonly mount: Fd;
}
