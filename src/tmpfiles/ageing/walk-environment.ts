/** What guards ask of the host, answered for a walk. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { errnoName } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import { ENOENT, openDirectoryNumber } from "../../sys/scan.js";
import { type DirectoryFrame, NOT_OPENED } from "./directory-frame.js";
import type { Environment } from "./guards.js";
import { LOCKED, type WalkEffects } from "./walk-effects.js";
import type { WalkParts } from "./walk-options.js";

/** The world as a walk's guards ask it: what they have opened and locked stays so, for the walk to go on with. */
export class WalkEnvironment implements Environment {
  readonly #effects: WalkEffects;
  readonly #sources: (order: number) => Source | undefined;
  readonly #sockets: () => ReadonlySet<Bytes> | undefined;

  constructor({ effects, sources, sockets }: WalkParts) {
    this.#effects = effects;
    this.#sources = sources;
    this.#sockets = sockets;
  }

  sockets(): ReadonlySet<Bytes> | undefined {
    return this.#sockets();
  }

  unreadable(frame: DirectoryFrame): string | undefined {
    if (frame.opened === NOT_OPENED) frame.opened = openDirectoryNumber(frame.fd, frame.nameAddress);
    return frame.opened >= 0 || frame.opened === -ENOENT ? undefined : errnoName(-frame.opened);
  }

  locked(frame: DirectoryFrame): boolean {
    if (frame.stat.type === S_IFDIR) {
      return frame.opened >= 0 && this.#effects.lockDirectory(frame.opened, frame.stat);
    }
    frame.lock = this.#effects.lockFile(frame.fd, frame.nameAddress, frame.stat);
    return frame.lock === LOCKED;
  }

  source(order: number): Source | undefined {
    return this.#sources(order);
  }
}
