/** Creates the mounts of a private /tmp as root. */
import { type Bytes, ROOT } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { Fd, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY, openat } from "../sys/files.js";
import { chmod } from "../sys/inode.js";
import { attachMount, changeMount, cloneMount, MOUNT_ATTR_RDONLY, MS_SLAVE, newMount } from "../sys/mount.js";
import { CLONE_NEWNS, SavedNamespace, unshare } from "../sys/namespace.js";
import type { Detached } from "./detached-mount.js";
import { type DirectorySet, makePlaces } from "./directory.js";
import { attachExposed, type Exposed, makeMountPoints } from "./expose.js";
import type { MountSettings } from "./settings.js";

/** Creates detached mounts of the directories. This must happen before the new namespace: the kernel clones only mounts of the caller's namespace. */
export function directoryMounts(
  set: DirectorySet,
  settings: MountSettings,
  exposed: readonly Exposed[],
): Detached[] {
  return set.map(({ target, inner }) => boundMount(inner, target, settings, exposed));
}

/** A detached mount of a directory, prepared for exposed paths. */
export function boundMount(
  directory: Fd,
  target: Bytes,
  { attributes }: MountSettings,
  exposed: readonly Exposed[],
): Detached {
  makeMountPoints(directory, target, exposed);
  const mount = cloneMount(directory);
  // A slave mount: later mounts of the host below it are visible inside, but mounts inside do not propagate out.
  changeMount(mount, { set: attributes, propagation: MS_SLAVE });
  return { target, mount };
}

/** One tmpfs with a directory for each target. Its source in mountinfo is its name, by which other processes find it. */
export function tmpfsMounts(
  targets: readonly Bytes[],
  leaf: Bytes,
  settings: MountSettings,
  exposed: readonly Exposed[],
): Detached[] {
  using whole = newMount(
    "tmpfs",
    { source: leaf, mode: "0700", ...settings.tmpfs },
    settings.attributes & ~MOUNT_ATTR_RDONLY,
  );
  return targets.map((target) => {
    const name = tmpfsDirectory(target);
    mkdirat(whole, name, 0o700);
    using directory = openat(whole, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    chmod(directory, 0o1777);
    makePlaces(directory, target);
    return boundMount(directory, target, settings, exposed);
  });
}

/** `/var/tmp` is `var-tmp` on the tmpfs. */
export function tmpfsDirectory(target: Bytes): Bytes {
  return target.slice(1).replaceAll("/", "-") as Bytes;
}

/** An empty read-only directory, for a target whose file system is full or read-only. */
export function emptyMount(target: Bytes, { attributes }: MountSettings): Detached {
  const options = { source: "mayfly-empty", mode: "0555", size: "4k", nr_inodes: "2" };
  return { target, mount: newMount("tmpfs", options, attributes | MOUNT_ATTR_RDONLY) };
}

/**
 * Runs `act` in a new mount namespace with the mounts, then returns to the old one. `act` must be synchronous: meanwhile
 * the calling thread is in the new namespace, and processes that it starts inherit it.
 */
export function inNewNamespace<Result>(
  mounts: readonly Detached[],
  exposed: readonly Exposed[],
  act: () => Result,
): Result {
  using place = new SavedNamespace();
  unshare(CLONE_NEWNS);
  try {
    receiveOnly();
    for (const { mount, target } of mounts) {
      using at = openat(Fd.cwd, target, O_PATH | O_DIRECTORY);
      attachMount(mount, at);
    }
    for (const each of exposed) attachExposed(each, mounts);
    return act();
  } finally {
    place.return();
  }
}

/** Mounts of the host still propagate in, but none propagate out. */
function receiveOnly(): void {
  using root = openat(Fd.cwd, ROOT, O_PATH | O_DIRECTORY);
  try {
    changeMount(root, { propagation: MS_SLAVE, recursive: true });
  } catch (error) {
    if (!failedWith(error, "EINVAL")) throw error;
    throw new Error(
      "the root directory is not a mount point (a chroot): mounts would propagate to the host",
      {
        cause: error,
      },
    );
  }
}
