/** Mounts an image in the mount namespace of this process. */
import { bytes, isBelow, toText } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import {
  Fd,
  O_DIRECTORY,
  O_PATH,
  openat,
  openat2,
  procPath,
  RESOLVE_IN_ROOT,
  readlinkat,
} from "../sys/files.js";
import { signalOnParentDeath } from "../sys/process.js";
import { type InsideImage, MOUNT_POINT } from "./enter.js";
import type { Designator } from "./gpt.js";
import type { ImageMount } from "./plan.js";

/** The mount points of each partition; the first one that exists in the image is used. */
const PLACES: Readonly<Record<Designator, readonly string[]>> = {
  root: [""],
  usr: ["usr"],
  home: ["home"],
  srv: ["srv"],
  var: ["var"],
  tmp: ["var/tmp"],
  xbootldr: ["boot"],
  esp: ["efi", "boot"],
};
const OS_RELEASE = ["etc/os-release", "usr/lib/os-release"];

const SIGTERM = 15;

/**
 * Mounts the partitions of an image below `MOUNT_POINT`. The process must be alone in its mount namespace. It gets SIGTERM
 * when the process that called `enterImage` ends, so that it does not go on with a disk that nobody waits for.
 *
 * @throws Error with the message of mount(8); if that process has ended already
 */
export function mountImage({
  image,
  mounts,
  parent,
}: Pick<InsideImage<unknown>, "image" | "mounts" | "parent">): void {
  if (!signalOnParentDeath(parent, SIGTERM)) throw new Error("The process that mounts it was killed.");
  for (const mount of mounts) mountOne(image, mount);
  if (!OS_RELEASE.some((file) => below(file, 0) !== undefined)) {
    throw new Error("No suitable os-release file in image found.");
  }
}

function mountOne(image: string, { designator, offset, size, type, readOnly }: ImageMount): void {
  const target = placeOf(designator);
  if (target === undefined) return;
  const limit = size === "0" ? [] : [`sizelimit=${size}`];
  const options = ["loop", `offset=${offset}`, ...limit, "nodev", readOnly ? "ro" : "rw"].join(",");
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const mounted = spawnSync("mount", ["-t", type, "-o", options, image, target], { encoding: "utf8" });
  if (mounted.status !== 0) throw new Error(mounted.error?.message ?? mounted.stderr.trim());
}

function placeOf(designator: Designator): string | undefined {
  if (designator === "root") return MOUNT_POINT;
  for (const place of PLACES[designator]) {
    const path = below(place, O_DIRECTORY);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** The path inside the image, with symlinks resolved inside the image. */
function below(place: string, flags: number): string | undefined {
  using root = openat(Fd.cwd, bytes(MOUNT_POINT), O_PATH | O_DIRECTORY);
  try {
    using found = openat2(root, bytes(place), O_PATH | flags, RESOLVE_IN_ROOT);
    const path = readlinkat(Fd.cwd, procPath(found));
    return isBelow(path, bytes(MOUNT_POINT)) ? toText(path) : undefined;
  } catch (error) {
    if (failedWith(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}
