/** Determines what processes see at /tmp and /var/tmp, from their mountinfo. */
import { type Bytes, basename, components, dirname, isBelow, join } from "../base/bytes.js";
import { type Mount, mountAt } from "../sys/mountinfo.js";
import type { Location } from "./directory.js";
import { parseLeaf } from "./name.js";
import type { NamespaceView } from "./processes.js";

const DELETED = "//deleted";

/** A private /tmp that a process sees at a target. */
export interface MountView {
  readonly target: Bytes;
  readonly mode: "connected" | "disconnected";
  /** The name of the directory, or the source of the tmpfs; undefined for a tmpfs that Mayfly did not create. */
  readonly leaf: Bytes | undefined;
  /** The directory was removed while mounted. */
  readonly isDeleted: boolean;
  readonly mount: Mount;
}

/** The private mounts; `host` are the mounts of the caller, whose own /tmp does not count as private. */
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

/** Identifies a directory by its file system and its path there, which mountinfo reports and users cannot forge. */
interface Whereabouts {
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly root: Bytes;
}

/** The path of the outer directory in its file system; undefined if the mounts do not show it, as in a chroot. */
function whereabouts({ target, leaf }: Location, host: readonly Mount[]): Whereabouts | undefined {
  const carrier = mountAt(host, target);
  if (carrier === undefined) return undefined;
  const below = target.slice(carrier.point === "/" ? 1 : carrier.point.length + 1) as Bytes;
  const { deviceMajor, deviceMinor, root } = carrier;
  return { deviceMajor, deviceMinor, root: join(below === "" ? root : join(root, below), leaf) };
}

/**
 * Whether any mount in the namespace shows the private directory or its contents. A mount of another directory with the
 * same name does not count, since any user can create one.
 */
export function shows({ mounts }: NamespaceView, location: Location, host: readonly Mount[]): boolean {
  const where = whereabouts(location, host);
  return mounts.some((mount) =>
    where === undefined
      ? components(mount.root).includes(location.leaf)
      : sameDevice(mount, where) && isBelow(mount.root, where.root),
  );
}

/** Whether the mount shows the private directory at that path. */
export function isMountOf(mount: Mount, location: Location, host: readonly Mount[]): boolean {
  const where = whereabouts(location, host);
  return where !== undefined && sameDevice(mount, where) && dirname(mount.root) === where.root;
}
