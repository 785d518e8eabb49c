/** The process that mounts the image and works in it. */
import { spawnSync } from "node:child_process";
import { bytes, isBelow, toText } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { start } from "../cli/main.js";
import { openOutputStream } from "../cli/output-stream.js";
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
import { type Inside, MOUNT_POINT } from "./enter.js";
import type { Designator } from "./gpt.js";
import type { ImageMount } from "./plan.js";

/** Where each partition belongs; of several places the first that the tree has. */
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

/** This process is alone in its mount namespace: mounts the image and does what it was started for in there. */
async function main(inside: Inside): Promise<number> {
  try {
    for (const mount of inside.mounts) mountOne(inside.image, mount);
    if (!OS_RELEASE.some((file) => below(file, 0) !== undefined)) {
      throw new Error("No suitable os-release file in image found.");
    }
  } catch (error) {
    const stderr = openOutputStream(2);
    stderr.write(`Failed to mount image: ${(error as Error).message}\n`);
    stderr.flush();
    return 1;
  }
  return start({ startedAs: inside.startedAs, args: inside.args, mountedImage: bytes(MOUNT_POINT) });
}

function mountOne(image: string, { designator, offset, size, type, readOnly }: ImageMount): void {
  const target = placeOf(designator);
  if (target === undefined) return;
  const limit = size === "0" ? [] : [`sizelimit=${size}`];
  const options = ["loop", `offset=${offset}`, ...limit, "nodev", readOnly ? "ro" : "rw"].join(",");
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

/** The path of what the image has there: its symlinks resolve inside it, wherever they point. */
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

main(JSON.parse(process.argv[2] ?? "{}") as Inside).then((status) => {
  process.exitCode = status;
});
