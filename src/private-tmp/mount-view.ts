/** What processes see at /tmp and /var/tmp, by what the kernel says of their mounts. */
import { type Bytes, basename, components, dirname, isBelow, join } from "../base/bytes.js";
import { type Mount, mountAt } from "../sys/mountinfo.js";
import type { Location } from "./directory.js";
import { parseLeaf } from "./name.js";
import type { NamespaceView } from "./processes.js";

const DELETED = "//deleted";

/** What a process sees at a target: a private /tmp, by what mountinfo says. */
export interface MountView {
  readonly target: Bytes;
  readonly mode: "connected" | "disconnected";
  /** The directory's name, or the tmpfs's source; undefined of a tmpfs that others made. */
  readonly leaf: Bytes | undefined;
  /** The directory was removed under it. */
  readonly isDeleted: boolean;
  readonly mount: Mount;
}

/** What is private among the mounts; `host` is the mounts of the caller, whose own /tmp is nobody's private one. */
export function privateMounts(
  mounts: readonly Mount[],
  targets: readonly Bytes[],
  host: readonly Mount[],
): MountView[] {
  return targets.flatMap((target) => {
    const mount = mountAt(mounts, target);
    const view = mount?.point === target ? seenAs(mount, target, host) : undefined;
    return view === undefined ? [] : [view];
  });
}

function seenAs(mount: Mount, target: Bytes, host: readonly Mount[]): MountView | undefined {
  const isDeleted = mount.root.endsWith(DELETED);
  const root = (isDeleted ? mount.root.slice(0, -DELETED.length) : mount.root) as Bytes;
  const leaf = basename(dirname(root));
  if (basename(root) === "tmp" && parseLeaf(leaf) !== undefined) {
    return { target, mode: "connected", leaf, isDeleted, mount };
  }
  if (mount.type !== "tmpfs" || host.some((own) => sameDevice(own, mount))) return undefined;
  const named = parseLeaf(mount.source) === undefined ? undefined : mount.source;
  return { target, mode: "disconnected", leaf: named, isDeleted, mount };
}

type Device = Pick<Mount, "deviceMajor" | "deviceMinor">;

export function sameDevice(a: Device, b: Device): boolean {
  return a.deviceMajor === b.deviceMajor && a.deviceMinor === b.deviceMinor;
}

/** A directory by its file system and its path there: what mountinfo says of a mount's root, and nobody can forge. */
export interface Whereabouts {
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly root: Bytes;
}

/** Where the outer directory is in its file system; undefined if the mounts don't say, as in a chroot. */
export function whereabouts({ target, leaf }: Location, host: readonly Mount[]): Whereabouts | undefined {
  const carrier = mountAt(host, target);
  if (carrier === undefined) return undefined;
  const below = target.slice(carrier.point === "/" ? 1 : carrier.point.length + 1) as Bytes;
  const { deviceMajor, deviceMinor, root } = carrier;
  return { deviceMajor, deviceMinor, root: join(below === "" ? root : join(root, below), leaf) };
}

/**
 * Whether anything in the namespace shows the private directory or what is in it. A mount of another directory by the
 * same name is not that: any user can have one.
 */
export function shows({ mounts }: NamespaceView, location: Location, host: readonly Mount[]): boolean {
  const where = whereabouts(location, host);
  return mounts.some((mount) =>
    where === undefined
      ? components(mount.root).includes(location.leaf)
      : sameDevice(mount, where) && isBelow(mount.root, where.root),
  );
}

/** Whether the mount is the private directory at that place. */
export function isMountOf(mount: Mount, location: Location, host: readonly Mount[]): boolean {
  const where = whereabouts(location, host);
  return where !== undefined && sameDevice(mount, where) && dirname(mount.root) === where.root;
}
