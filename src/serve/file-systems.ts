/** The file systems of the directories that a run cleans, and their free space. */
import { type Bytes, toText } from "../base/bytes.js";
import { SyscallError, UnsafePathError } from "../base/errors.js";
import { resolve } from "../path/resolve.js";
import type { Fd } from "../sys/files.js";
import { type Stat, statx } from "../sys/inode.js";
import { type Mount, mountAt, readMountInfo } from "../sys/mountinfo.js";
import { type FileSystemSpace, fileSystemSpace } from "../sys/space.js";

export interface FileSystemRecord extends FileSystemSpace {
  /** The mount point. */
  readonly mountPoint: string;
}

/** Collects the directories that a run cleans, and keeps one of each file system. */
export class CleanedFileSystems {
  readonly #root: Bytes;
  readonly #directories = new Map<string, Bytes>();

  constructor(root: Bytes) {
    this.#root = root;
  }

  add(directory: Bytes): void {
    this.#open(directory, (fd) => {
      const device = deviceOf(statx(fd));
      if (!this.#directories.has(device)) this.#directories.set(device, directory);
    });
  }

  /** The current space on each of them. A directory that was removed, or is on another file system by now, is omitted. */
  read(): FileSystemRecord[] {
    const mounts = readMountInfo();
    const records = [...this.#directories].map(([device, directory]) =>
      this.#open(directory, (fd) => {
        const stat = statx(fd);
        if (deviceOf(stat) !== device) return undefined;
        return { mountPoint: toText(mountPoint(mounts, stat, directory)), ...fileSystemSpace(fd) };
      }),
    );
    return records.filter((record) => record !== undefined);
  }

  #open<Result>(directory: Bytes, use: (fd: Fd) => Result): Result | undefined {
    try {
      using fd = resolve(this.#root, directory, { follow: false });
      return use(fd);
    } catch (error) {
      if (error instanceof SyscallError || error instanceof UnsafePathError) return undefined;
      throw error;
    }
  }
}

function deviceOf({ deviceMajor, deviceMinor }: Stat): string {
  return `${deviceMajor}:${deviceMinor}`;
}

/** statx(2) reports the mount since Linux 5.8. */
function mountPoint(mounts: readonly Mount[], { mountId }: Stat, directory: Bytes): Bytes {
  const mount = mounts.find(({ id }) => BigInt(id) === mountId) ?? mountAt(mounts, directory);
  return mount?.point ?? directory;
}
