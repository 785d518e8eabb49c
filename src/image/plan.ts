/** Plans which file systems of an image are mounted, and where. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { type Bytes, toText } from "../base/bytes.js";
import { type Designator, type Partition, type ReadAt, readGpt } from "./gpt.js";
import { type ImagePolicy, permitted } from "./policy.js";

/** An image cannot be used. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** One file system of the image: its place in the image, its type, and its place in the tree. */
export interface ImageMount {
  readonly designator: Designator;
  readonly offset: string;
  /** 0 for the whole image. */
  readonly size: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** The file systems that are mounted; others could make the kernel load arbitrary modules. */
const FILE_SYSTEMS = ["btrfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "squashfs", "vfat", "xfs"];
/** In the order in which they are mounted: the root first. */
const DESIGNATORS: readonly Designator[] = ["root", "usr", "home", "srv", "var", "tmp", "xbootldr", "esp"];

/** Plans the mounts from the partition table, or for a single file system. Throws an ImageError. */
export function planImage(image: Bytes, policy: ImagePolicy, readOnly: boolean): ImageMount[] {
  const path = absolutePath(image);
  const partitions = readPartitions(path);
  const usable = permitted(partitions ?? [wholeImage()], policy, DESIGNATORS);
  if (usable === undefined) throw new ImageError(`${path}: Image does not match image policy.`);
  if (!usable.some(({ designator }) => designator === "root" || designator === "usr")) {
    throw new ImageError(`${path}: No suitable root partition found in image.`);
  }
  return usable.map((partition) => ({
    designator: partition.designator,
    offset: `${partition.offset}`,
    size: `${partition.size}`,
    type: fileSystemOf(path, partition, partitions !== undefined),
    readOnly: readOnly || partition.readOnly,
  }));
}

export function absolutePath(image: Bytes): string {
  return resolve(toText(image));
}

function wholeImage(): Partition {
  return { designator: "root", label: "", offset: 0n, size: 0n, readOnly: false };
}

function readPartitions(path: string): Partition[] | undefined {
  const fd = openImage(path);
  try {
    const readAt: ReadAt = (offset, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(fd, buffer, 0, length, offset));
    };
    return readGpt(readAt);
  } catch (error) {
    throw new ImageError(`${path}: ${(error as Error).message}.`);
  } finally {
    closeSync(fd);
  }
}

/** Opens the image without blocking on a FIFO, which is refused because of its type. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

function openImage(path: string): number {
  const failed = (why: string): ImageError =>
    new ImageError(`Failed to set up loopback device for ${path}: ${why}`);
  let fd: number;
  try {
    fd = openSync(path, READ_WITHOUT_WAITING);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw failed(code === "ENOENT" ? "No such file or directory" : message);
  }
  const status = fstatSync(fd);
  if (status.isFile() || status.isBlockDevice()) return fd;
  closeSync(fd);
  throw failed(status.isDirectory() ? "Is a directory" : "Not a regular file or block device");
}

/** Identifies the file system with blkid(8); only plain file systems can be mounted. */
function fileSystemOf(path: string, { designator, offset, size }: Partition, partitioned: boolean): string {
  const args = [
    "-p",
    "-o",
    "value",
    "-s",
    "TYPE",
    "-O",
    `${offset}`,
    ...(size > 0n ? ["-S", `${size}`] : []),
    path,
  ];
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const asked = spawnSync("blkid", args, { encoding: "utf8", env: withSystemPath(process.env) });
  if (asked.error !== undefined)
    throw new ImageError(
      `${path}: Failed to run blkid, which is required (install util-linux): ${asked.error.message}`,
    );
  const type = asked.stdout.trim();
  if (FILE_SYSTEMS.includes(type)) return type;
  const what = partitioned ? `the ${designator} partition` : "the image";
  if (type === "") {
    throw new ImageError(
      partitioned
        ? `${path}: No file system found on ${what}.`
        : `${path}: Couldn't identify a suitable partition table or file system.`,
    );
  }
  throw new ImageError(`${path}: ${what} contains ${type}, which is not supported.`);
}

/** A user's PATH may lack the directories of system programs. */
export function withSystemPath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin` };
}
