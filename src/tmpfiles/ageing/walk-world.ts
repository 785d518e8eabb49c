import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { errnoName } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import { ENOENT, openDirectory } from "../../sys/scan.js";
import type { World } from "./guards.js";
import { type Level, NOT_OPENED } from "./level.js";
import { LOCKED, type WalkHands } from "./walk-hands.js";
import type { WalkParts } from "./walk-parts.js";

/** The world as a walk's guards ask it: what they have opened and locked stays so, for the walk to go on with. */
export class WalkWorld implements World {
  readonly #hands: WalkHands;
  readonly #sources: (order: number) => Source | undefined;
  readonly #sockets: () => ReadonlySet<Bytes> | undefined;

  constructor({ hands, sources, sockets }: WalkParts) {
    this.#hands = hands;
    this.#sources = sources;
    this.#sockets = sockets;
  }

  sockets(): ReadonlySet<Bytes> | undefined {
    return this.#sockets();
  }

  unreadable(level: Level): string | undefined {
    if (level.opened === NOT_OPENED) level.opened = openDirectory(level.fd, level.nameAddress);
    return level.opened >= 0 || level.opened === -ENOENT ? undefined : errnoName(-level.opened);
  }

  locked(level: Level): boolean {
    if (level.stat.type === S_IFDIR) {
      return level.opened >= 0 && this.#hands.lockDirectory(level.opened, level.stat);
    }
    level.lock = this.#hands.lockFile(level.fd, level.nameAddress, level.stat);
    return level.lock === LOCKED;
  }

  source(order: number): Source | undefined {
    return this.#sources(order);
  }
}
