/** Makes disk images with an ext4 for tests, and looks into them. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { has, isRoot } from "./program.js";

const TOOLS = ["mkfs.ext4", "debugfs", "sfdisk", "losetup", "unshare", "blkid"];
const missing = TOOLS.filter((tool) => !has(tool));

/** Why images can't be mounted here, or false. */
export const cannotMountImages = !isRoot
  ? "mounting needs root"
  : missing.length > 0
    ? `there is no ${missing.join(", ")}`
    : !existsSync("/dev/loop-control")
      ? "the kernel offers no loop devices here"
      : false;

export const MB = 1 << 20;

export function system(command: string, ...args: string[]): string {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  return execFileSync(command, args, { encoding: "utf8", env });
}

/** A file with an ext4 in it, that looks like an operating system as far as anybody asks. */
export function makeImage(
  directory: string,
  name: string,
  prepare: (root: string) => void = () => {},
): string {
  const root = join(directory, `${name}.tree`);
  for (const each of ["etc", "home", "var", "usr/lib/tmpfiles.d"])
    mkdirSync(join(root, each), { recursive: true });
  writeFileSync(join(root, "etc/os-release"), "ID=test\n");
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\ninside:x:4242:4243::/:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\ninside:x:4243:\n");
  prepare(root);
  const image = join(directory, name);
  writeFileSync(image, "");
  truncateSync(image, 16 * MB);
  system("mkfs.ext4", "-q", "-d", root, image);
  rmSync(root, { recursive: true });
  return image;
}

/** The loop devices of an image, as losetup(8) lists them; empty if there is none. */
export function attachedTo(image: string): string {
  return system("losetup", "-j", image).trim();
}

/** What an image has below `path`, a line for each inode with a checksum of its content; mounted in a namespace that ends with the command. */
export function imageTree(image: string, path: string): string[] {
  const script =
    'mount -o loop "$0" /mnt && cd "/mnt/$1" &&' +
    " find . -printf '%P %y %m %U:%G %l\\n' | sort && find . -type f -exec md5sum {} + | sort -k 2";
  return system("unshare", "--mount", "--propagation", "private", "sh", "-ec", script, image, path)
    .trim()
    .split("\n");
}
