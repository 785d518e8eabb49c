/** What is mounted of an image, and where. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { type Bytes, toText } from "../base/bytes.js";
import { type Designator, type Partition, type ReadAt, readGpt } from "./gpt.js";
import { type ImagePolicy, permitted } from "./policy.js";

/** An image that can't be used, in words for the person who named it. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** One file system of the image: where it starts, what it is, and where in the tree it belongs. */
export interface ImageMount {
  readonly designator: Designator;
  readonly offset: string;
  /** 0 for all that there is. */
  readonly size: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** What is mounted without a look at what it could make the kernel load. */
const FILE_SYSTEMS = ["btrfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "squashfs", "vfat", "xfs"];
/** In the order in which they are mounted: the root before what lies in it. */
const DESIGNATORS: readonly Designator[] = ["root", "usr", "home", "srv", "var", "tmp", "xbootldr", "esp"];

/** What is to be mounted of an image: by its partition table, or as one file system. Throws an ImageError. */
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

/** A FIFO is not waited for; it is refused by its kind. */
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

/** By blkid(8), which knows the signatures; only what is a plain file system can be mounted here. */
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
    throw new ImageError(`${path}: blkid (util-linux) is needed: ${asked.error.message}`);
  const type = asked.stdout.trim();
  if (FILE_SYSTEMS.includes(type)) return type;
  const what = partitioned ? `the ${designator} partition` : "it";
  if (type === "") {
    throw new ImageError(
      partitioned
        ? `${path}: No file system was found on ${what}.`
        : `${path}: Couldn't identify a suitable partition table or file system.`,
    );
  }
  throw new ImageError(`${path}: ${what} holds ${type}, which can't be mounted here.`);
}

/** The administrator's programs are not in everybody's PATH. */
export function withSystemPath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin` };
}
