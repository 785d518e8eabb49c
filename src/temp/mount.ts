/** `withMount`: a temporary mount for the duration of a callback. */
import {
  BOOLEAN,
  type Expectations,
  FUNCTION,
  OBJECT,
  PATH,
  requireArgument,
  requireOptions,
  TEXT,
} from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { type Bytes, join, toText } from "../base/bytes.js";
import { Fd, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat } from "../sys/files.js";
import {
  attachMount,
  changeMount,
  cloneMount,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  newMount,
} from "../sys/mount.js";
import { abandoned } from "./abandoned.js";
import { expect, forget, type Held, register, removal, unregister } from "./cleanup-registry.js";
import { makeDirectory, type TempDir } from "./directory.js";
import { type NameParts, pathBytes } from "./options.js";
import { openTempParent } from "./parent.js";
import { type SyncAsync, step, stepThrough, stepThroughSync } from "./sync-async.js";
import { ownRuntimeDirectory } from "./well-known.js";

export interface WithMountOptions {
  /** The type of the file system, as in mount(8), such as `ext4` or `tmpfs`; or `bind` for an existing directory. */
  readonly type: string;
  /** The options of the file system, such as `{ size: "1m" }` or `{ ro: true }`. */
  readonly options?: Readonly<Record<string, string | true>>;
  readonly readOnly?: boolean;
  /** Allow set-user-id programs and device nodes; off by default, since an untrusted file system may contain them. */
  readonly suid?: boolean;
  readonly dev?: boolean;
  /** On by default. */
  readonly exec?: boolean;
}

const OPTIONS: Expectations = {
  type: TEXT,
  options: {
    what: 'an object whose values are strings or true, such as { size: "1m", ro: true }',
    accepts: (value) =>
      OBJECT.accepts(value) &&
      Object.values(value as object).every((each) => typeof each === "string" || each === true),
  },
  readOnly: BOOLEAN,
  suid: BOOLEAN,
  dev: BOOLEAN,
  exec: BOOLEAN,
};
const NAMES: NameParts = { prefix: "mount-" as Bytes, suffix: "" as Bytes };
const POINT = "point" as Bytes;

/**
 * Mounts `source` on a new mount point, calls `callback` with its path, then unmounts and removes the mount point, whether
 * or not the callback fails. The mount point is in /run/mayfly, which only root can access and cleaners do not touch. Also
 * unmounts what killed programs left mounted. Never removes anything below a mount. Requires CAP_SYS_ADMIN.
 *
 * @returns what `callback` returns.
 * @throws SyscallError EPERM, ENODEV, EINVAL and others of fsconfig(2), fsmount(2) and move_mount(2).
 */
export async function withMount<Result>(
  source: PathInput,
  options: WithMountOptions,
  callback: (path: string) => Result,
): Promise<Awaited<Result>> {
  return (await stepThrough(mounted(source, options, callback))) as Awaited<Result>;
}

export function withMountSync<Result>(
  source: PathInput,
  options: WithMountOptions,
  callback: (path: string) => Result,
): Result {
  return stepThroughSync(mounted(source, options, callback));
}

function* mounted<Result>(
  source: PathInput,
  options: WithMountOptions,
  callback: (path: string) => Result,
): SyncAsync<Result> {
  requireArgument("withMount", "source", source, PATH);
  requireOptions("withMount", options, OPTIONS);
  requireArgument("withMount", "options.type", options.type, TEXT);
  requireArgument("withMount", "callback", callback, FUNCTION);
  using parent = openTempParent(ownRuntimeDirectory());
  yield* reclaimMounts(parent.fd);
  // The mount hides its mount point, so the lock that marks it as in use is on the directory above.
  using outer = makeDirectory(parent, NAMES);
  using point = new MountPoint(outer);
  point.mount(source, options);
  return yield* step(
    () => callback(point.path),
    async () => callback(point.path) as Awaited<Result>,
  );
}

class MountPoint implements Disposable {
  readonly #held: Held;

  constructor(outer: TempDir) {
    const dir = outer.directory;
    const slot = expect("mount-point", dir, POINT);
    try {
      mkdirat(dir, POINT, 0o700);
      const fd = openat(dir, POINT, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      this.#held = register(slot, { kind: "mount-point", dir, name: POINT, fd });
    } catch (error) {
      forget(slot);
      throw error;
    }
  }

  get path(): string {
    return toText(join(this.#held.dir.path, POINT));
  }

  mount(source: PathInput, options: WithMountOptions): void {
    using made = detachedMount(source, options);
    attachMount(made, this.#held.fd);
  }

  [Symbol.dispose](): void {
    stepThroughSync(removal(this.#held));
    unregister(this.#held);
    this.#held.fd.close();
  }
}

function detachedMount(source: PathInput, options: WithMountOptions): Fd {
  const attributes = attributesOf(options);
  if (options.type !== "bind") {
    const own = typeof source === "string" ? source : toText(pathBytes(source));
    return newMount(options.type, { source: own, ...options.options }, attributes);
  }
  using directory = openat(Fd.cwd, pathBytes(source), O_PATH | O_DIRECTORY);
  const clone = cloneMount(directory);
  changeMount(clone, { set: attributes, propagation: MS_PRIVATE });
  return clone;
}

function attributesOf({
  readOnly = false,
  suid = false,
  dev = false,
  exec = true,
}: WithMountOptions): number {
  return (
    (readOnly ? MOUNT_ATTR_RDONLY : 0) |
    (suid ? 0 : MOUNT_ATTR_NOSUID) |
    (dev ? 0 : MOUNT_ATTR_NODEV) |
    (exec ? 0 : MOUNT_ATTR_NOEXEC)
  );
}

/** Unmounts and removes the mount points of killed programs. */
function* reclaimMounts(parent: Fd): SyncAsync<void> {
  for (const outer of abandoned(parent, NAMES)) {
    yield* removal({ kind: "mount-point", dir: outer.fd, name: POINT, fd: outer.fd });
    yield* removal(outer);
  }
}
