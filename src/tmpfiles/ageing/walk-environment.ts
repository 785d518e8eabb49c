/** What guards ask of the host, answered for a walk. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { errnoName } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { SocketUse } from "../../sys/live-sockets.js";
import type { OpenFiles } from "../../sys/open-files.js";
import { ENOENT, openDirectoryNumber } from "../../sys/scan.js";
import { type DirectoryFrame, NOT_OPENED } from "./directory-frame.js";
import type { Detail, Environment } from "./entry-context.js";
import { keepsEntry, unknownLockErrno } from "./entry-lock.js";
import type { Sockets } from "./sockets.js";
import { type MakeWalk, unitKeeper } from "./unit.js";
import type { WalkEffects } from "./walk-effects.js";
import type { WalkParts } from "./walk-options.js";

/** The world as a walk's guards ask it: what they have opened and locked stays so, for the walk to go on with. */
export class WalkEnvironment implements Environment {
  readonly #effects: WalkEffects;
  readonly #sources: (order: number) => Source | undefined;
  readonly #sockets: Sockets;
  readonly #openFiles: OpenFiles;
  readonly #unitKeeper: (frame: DirectoryFrame) => Detail | undefined;

  constructor(parts: WalkParts, makeWalk: MakeWalk) {
    const { effects, sources, sockets, openFiles } = parts;
    this.#unitKeeper = (frame) => unitKeeper(parts, frame, this, makeWalk);
    this.#effects = effects;
    this.#sources = sources;
    this.#sockets = sockets;
    this.#openFiles = openFiles;
  }

  sockets(): ReadonlySet<Bytes> | undefined {
    return this.#sockets.bound();
  }

  socketUse(frame: DirectoryFrame): string | undefined {
    if (!this.#effects.keepsUnseenUse) return undefined;
    const use = this.#sockets.live().use(frame.entryPath(), frame.stat);
    return use && useText(use);
  }

  unreadable(frame: DirectoryFrame): string | undefined {
    if (frame.opened === NOT_OPENED) frame.opened = openDirectoryNumber(frame.fd, frame.nameAddress);
    return frame.opened >= 0 || frame.opened === -ENOENT ? undefined : errnoName(-frame.opened);
  }

  unitKeeper(frame: DirectoryFrame): Detail | undefined {
    if (frame.unitKeeper === null) frame.unitKeeper = frame.opened < 0 ? undefined : this.#unitKeeper(frame);
    return frame.unitKeeper;
  }

  open(frame: DirectoryFrame): boolean {
    return this.#openFiles.has(frame.stat);
  }

  locked(frame: DirectoryFrame): boolean {
    const { stat, opened } = frame;
    if (stat.type === S_IFDIR) {
      if (opened < 0) return false;
      frame.lock = this.#effects.lockDirectory(opened, stat, frame.rule);
    } else frame.lock = this.#effects.lockFile(frame.fd, frame.nameAddress, stat);
    return keepsEntry(frame.lock);
  }

  lockUnknown(frame: DirectoryFrame): string | undefined {
    const errno = unknownLockErrno(frame.lock);
    return errno === 0 ? undefined : errnoName(errno);
  }

  source(order: number): Source | undefined {
    return this.#sources(order);
  }
}

function useText(use: SocketUse): string {
  return "pid" in use ? `pid ${use.pid}` : use.unknown;
}
