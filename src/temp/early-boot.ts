/** Whether local file systems are mounted yet: in early boot /tmp and /var/tmp may still be hidden by a mount. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { type Bytes, isBelow } from "../base/bytes.js";
import { type Mount, mountAt, readMountInfo } from "../sys/mountinfo.js";

/** The sources that show the progress of the boot. */
export interface BootState {
  /** The root of etc, run and usr: `/`, except in tests. */
  readonly root: string;
  mounts(): readonly Mount[];
  /** Whether local file systems are mounted according to systemctl; undefined if it cannot be run. */
  localFileSystemsActive(): boolean | undefined;
}

const UNIT_DIRECTORIES = [
  "etc/systemd/system",
  "run/systemd/system",
  "run/systemd/generator",
  "usr/lib/systemd/system",
];

const thisHost: BootState = {
  root: "/",
  mounts: () => readMountInfo("self"),
  localFileSystemsActive: askSystemd,
};

const known = new Set<Bytes>();

/** Whether `path` is on the file system on which it will be after the boot. A positive answer is cached. */
export function isUp(path: Bytes): boolean {
  if (known.has(path)) return true;
  const up = isUpIn(path, thisHost);
  if (up) known.add(path);
  return up;
}

/**
 * A directory is not available yet if local-fs.target wants a mount on it, or on a directory above it, that the mount table
 * does not have, or if its file system is still read-only. Since a mount may also be missing after the boot (`nofail`),
 * systemd's answer takes precedence; see local-fs.target in bootup(7).
 */
export function isUpIn(path: Bytes, state: BootState): boolean {
  if (!existsSync(`${state.root}/run/systemd/system`)) return true;
  const mounts = state.mounts();
  const readOnly = mountAt(mounts, path)?.options.includes("ro") ?? false;
  const missing = wantedMounts(state.root).some(
    (point) => isBelow(path, point) && mountAt(mounts, point)?.point !== point,
  );
  return (!readOnly && !missing) || state.localFileSystemsActive() === true;
}

/** The mount points that local-fs.target wants: from fstab, through its generator, and from enabled units. */
function wantedMounts(root: string): Bytes[] {
  const links = UNIT_DIRECTORIES.flatMap((directory) =>
    ["requires", "wants"].flatMap((kind) => unitsIn(`${root}/${directory}/local-fs.target.${kind}`)),
  );
  return links.filter((unit) => unit.endsWith(".mount")).map(mountPointOf);
}

function unitsIn(directory: string): string[] {
  try {
    return readdirSync(directory, "latin1");
  } catch {
    return [];
  }
}

/** `var-tmp.mount` is /var/tmp; a dash in a name is written `\x2d`: systemd-escape(1). */
function mountPointOf(unit: string): Bytes {
  const escaped = unit.slice(0, -".mount".length);
  if (escaped === "-") return "/" as Bytes;
  const path = escaped
    .replaceAll("-", "/")
    .replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return `/${path}` as Bytes;
}

function askSystemd(): boolean | undefined {
  const { status, error } = spawnSync("systemctl", ["is-active", "--quiet", "local-fs.target"], {
    timeout: 5000,
    stdio: "ignore",
  });
  return error !== undefined || status === null ? undefined : status === 0;
}
