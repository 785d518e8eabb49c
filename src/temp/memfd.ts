/** `openMemfd`: a file in memory. */
import { BOOLEAN, choices, type Expectations, requireArray, requireOptions } from "../base/arguments.js";
import { bytes } from "../base/bytes.js";
import type { Fd } from "../sys/files.js";
import {
  addSeals,
  F_SEAL_EXEC,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  getSeals,
} from "../sys/memfd.js";
import { memoryFile } from "./new-file.js";
import { fill } from "./open-file.js";
import { CONTENT_OPTIONS, type ContentOptions } from "./options.js";
import { TempFile } from "./temp-file.js";

export interface MemfdOptions extends ContentOptions {
  /** Shown in /proc/PID/maps and /proc/PID/fd; names nothing, and need not be unique. */
  readonly name?: string;
  /** Whether `seal()` works. Without it the file stays writable for whoever is given the fd. True by default. */
  readonly sealable?: boolean;
}

/** What a sealed memfd no longer allows: memfd_create(2), F_ADD_SEALS in fcntl(2). `seal` forbids more seals. */
export type Seal = "write" | "grow" | "shrink" | "exec" | "seal";

const SEALS: Readonly<Record<Seal, number>> = {
  write: F_SEAL_WRITE,
  grow: F_SEAL_GROW,
  shrink: F_SEAL_SHRINK,
  exec: F_SEAL_EXEC,
  seal: F_SEAL_SEAL,
};
const SEAL = choices("write", "grow", "shrink", "exec", "seal");
/** memfd_create(2): NAME_MAX without what the kernel puts before it. */
const LONGEST_NAME = 249;
const OPTIONS: Expectations = {
  ...CONTENT_OPTIONS,
  sealable: BOOLEAN,
  name: {
    what: `a string of at most ${LONGEST_NAME} bytes without NUL`,
    accepts: (value) =>
      typeof value === "string" && !value.includes("\0") && Buffer.byteLength(value) <= LONGEST_NAME,
  },
};
const ALL: readonly Seal[] = ["write", "grow", "shrink", "seal"];

/**
 * A file in memory alone: it lies in no directory and on no disk, and is freed with its last fd. Not executable if the
 * kernel can tell (Linux 6.3).
 */
export function openMemfdSync(options: MemfdOptions = {}): Memfd {
  requireOptions("openMemfd", options, OPTIONS);
  const { fd } = memoryFile(bytes(options.name ?? "mayfly"));
  try {
    fill(fd, options);
    if (options.sealable === false) addSeals(fd, F_SEAL_SEAL);
    return new Memfd(fd);
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** A file made by `openMemfd`. */
export class Memfd extends TempFile {
  constructor(fd: Fd) {
    super({ fd, backing: "memfd" }, { path: fd.path, isInMemory: () => true }, {});
  }

  /**
   * Forbids, for good and to everybody who has the fd, what the seals name, by default all but `exec`. A receiver
   * that sees `write`, `grow` and `shrink` in `seals` may map the file without fear that it changes or ends.
   *
   * @throws SyscallError EPERM where it is not sealable (any more), EBUSY where it is mapped writable.
   */
  seal(...seals: readonly Seal[]): void {
    requireArray("seal", "seals", seals, SEAL);
    const chosen = seals.length === 0 ? ALL : seals;
    addSeals(
      this.open,
      chosen.reduce((bits, seal) => bits | SEALS[seal], 0),
    );
  }

  /** The seals that it has. */
  get seals(): Seal[] {
    const bits = getSeals(this.open);
    return (Object.keys(SEALS) as Seal[]).filter((seal) => (bits & SEALS[seal]) !== 0);
  }
}
