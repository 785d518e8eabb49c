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
  /** The name in /proc/PID/maps and /proc/PID/fd, for debugging only; it need not be unique. */
  readonly name?: string;
  /** Whether `seal()` is allowed; true by default. An unsealed file is writable for every process that gets the fd. */
  readonly sealable?: boolean;
}

/** Operations that a seal forbids (memfd_create(2), F_ADD_SEALS in fcntl(2)). `seal` forbids further seals. */
export type Seal = "write" | "grow" | "shrink" | "exec" | "seal";

const SEALS: Readonly<Record<Seal, number>> = {
  write: F_SEAL_WRITE,
  grow: F_SEAL_GROW,
  shrink: F_SEAL_SHRINK,
  exec: F_SEAL_EXEC,
  seal: F_SEAL_SEAL,
};
const SEAL = choices("write", "grow", "shrink", "exec", "seal");
/** NAME_MAX without the kernel's prefix, memfd_create(2). */
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

/** A file created by `openMemfd`. */
export class Memfd extends TempFile {
  /** @internal */
  constructor(fd: Fd) {
    super({ fd, backing: "memfd" }, { path: fd.path, isInMemory: () => true }, {});
  }

  /**
   * Permanently forbids operations to every process that has the fd; by default, all but `exec`. A receiver that finds
   * `write`, `grow` and `shrink` in `seals` can map the file safely, since it cannot change or be truncated.
   *
   * @throws SyscallError EPERM if further seals are forbidden, EBUSY if the file is mapped writable.
   */
  seal(...seals: readonly Seal[]): void {
    requireArray("seal", "seals", seals, SEAL);
    const chosen = seals.length === 0 ? ALL : seals;
    addSeals(
      this.open,
      chosen.reduce((bits, seal) => bits | SEALS[seal], 0),
    );
  }

  /** The current seals. */
  get seals(): Seal[] {
    const bits = getSeals(this.open);
    return (Object.keys(SEALS) as Seal[]).filter((seal) => (bits & SEALS[seal]) !== 0);
  }
}
