import { type Bytes, basename, components, parent } from "../base/bytes.js";
import { type Mount, mountAt } from "../sys/mountinfo.js";
import { parseLeaf } from "./name.js";
import type { NamespaceView } from "./processes.js";

const DELETED = "//deleted";

/** What a process sees at a target: a private /tmp, by what mountinfo says. */
export interface SeenMount {
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
): SeenMount[] {
  return targets.flatMap((target) => {
    const mount = mountAt(mounts, target);
    const seen = mount?.point === target ? seenAs(mount, target, host) : undefined;
    return seen === undefined ? [] : [seen];
  });
}

function seenAs(mount: Mount, target: Bytes, host: readonly Mount[]): SeenMount | undefined {
  const isDeleted = mount.root.endsWith(DELETED);
  const root = (isDeleted ? mount.root.slice(0, -DELETED.length) : mount.root) as Bytes;
  const leaf = basename(parent(root));
  if (basename(root) === "tmp" && parseLeaf(leaf) !== undefined) {
    return { target, mode: "connected", leaf, isDeleted, mount };
  }
  if (mount.type !== "tmpfs" || host.some((own) => sameDevice(own, mount))) return undefined;
  const named = parseLeaf(mount.source) === undefined ? undefined : mount.source;
  return { target, mode: "disconnected", leaf: named, isDeleted, mount };
}

export function sameDevice(a: Mount, b: Mount): boolean {
  return a.deviceMajor === b.deviceMajor && a.deviceMinor === b.deviceMinor;
}

/** Whether anything in the namespace shows the private directory or what is in it. */
export function shows({ mounts }: NamespaceView, leaf: Bytes): boolean {
  return mounts.some(({ root }) => root.includes(leaf) && components(root).includes(leaf));
}
