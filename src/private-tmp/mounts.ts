/** The mounts that make up a private /tmp, made as root. */
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { Fd, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY, openat } from "../sys/files.js";
import { chmod } from "../sys/inode.js";
import { attachMount, changeMount, cloneMount, MOUNT_ATTR_RDONLY, MS_SLAVE, newMount } from "../sys/mount.js";
import { CLONE_NEWNS, SavedNamespace, unshare } from "../sys/namespace.js";
import type { Detached } from "./detached-mount.js";
import { type DirectorySet, makePlaces } from "./directory.js";
import { attachExposed, type Exposed, makeMountPoints } from "./expose.js";
import type { MountSettings } from "./settings.js";

const ROOT = "/" as Bytes;

/** The directories as mounts. They have to be made before the namespace: the kernel clones only what is mounted in the caller's. */
export function directoryMounts(
  set: DirectorySet,
  settings: MountSettings,
  exposed: readonly Exposed[],
): Detached[] {
  return set.map(({ target, inner }) => boundMount(inner, target, settings, exposed));
}

/** A directory as the mount that will be seen at the target, ready for what is exposed below it. */
export function boundMount(
  directory: Fd,
  target: Bytes,
  { attributes }: MountSettings,
  exposed: readonly Exposed[],
): Detached {
  makeMountPoints(directory, target, exposed);
  const mount = cloneMount(directory);
  // A slave: what the host mounts below it later is seen inside, and nothing that is mounted inside gets out.
  changeMount(mount, { set: attributes, propagation: MS_SLAVE });
  return { target, mount };
}

/** One tmpfs for all targets, each with a directory of its own. Its source in mountinfo is its name, which is how others find it. */
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

/** Where the host's file system takes no directory, being full or read-only: an empty one that nobody can write to. */
export function emptyMount(target: Bytes, { attributes }: MountSettings): Detached {
  const options = { source: "mayfly-empty", mode: "0555", size: "4k", nr_inodes: "2" };
  return { target, mount: newMount("tmpfs", options, attributes | MOUNT_ATTR_RDONLY) };
}

/**
 * Does `act` in a new mount namespace that has the mounts, and comes back. It must be done in one synchronous stretch:
 * the calling thread is elsewhere meanwhile, and what it starts is born there.
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

/** Mounts of the host still come in, none go out. */
function receiveOnly(): void {
  using root = openat(Fd.cwd, ROOT, O_PATH | O_DIRECTORY);
  try {
    changeMount(root, { propagation: MS_SLAVE, recursive: true });
  } catch (error) {
    if (!failedWith(error, "EINVAL")) throw error;
    throw new Error("the root directory is no mount point (a chroot): mounts would leak out to the host", {
      cause: error,
    });
  }
}
