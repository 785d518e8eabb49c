/** HOST002: owners, modes and mount options of the directories in which all users create files. */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { type Bytes, fromBuffer, join, toBuffer } from "../../base/bytes.js";
import { type Mount, mountAt, readMountInfo } from "../../sys/mountinfo.js";
import type { RootFiles } from "../units/root-files.js";
import type { HostFinding } from "./host-finding.js";

const DIRECTORIES = ["/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/var/crash", "/dev/mqueue"];
const WORLD_WRITABLE = 0o002;
const STICKY = 0o1000;
/** Entries of a shared directory that are looked at. */
const MOST_ENTRIES = 10_000;

export function directoryFindings(files: RootFiles, live: boolean): HostFinding[] {
  const mounts = live ? readMountInfo() : [];
  return DIRECTORIES.flatMap((directory) => {
    const place = files.locate(directory);
    const stats = place === undefined ? undefined : statsOf(place);
    if (place === undefined || !stats?.isDirectory()) return [];
    return [
      ...owned(place, stats),
      ...sticky(place, stats),
      ...below(place, stats),
      ...mounted(place, mounts, live && directory !== "/run/lock" && directory !== "/dev/mqueue"),
    ];
  });
}

function statsOf(path: Bytes): Stats | undefined {
  try {
    return lstatSync(toBuffer(path));
  } catch {
    return undefined;
  }
}

const isWorldWritable = ({ mode }: Stats): boolean => (mode & WORLD_WRITABLE) !== 0;
const shown = ({ mode, uid, gid }: Stats): string =>
  `mode ${(mode & 0o7777).toString(8)}, owner ${uid}:${gid}`;

function owned(file: Bytes, stats: Stats): HostFinding[] {
  if (stats.uid === 0) return [];
  const message = `belongs to user ${stats.uid}, who can rename and remove the files of all others`;
  return [{ rule: "HOST002", file, text: shown(stats), message }];
}

function sticky(file: Bytes, stats: Stats): HostFinding[] {
  if (!isWorldWritable(stats) || (stats.mode & STICKY) !== 0) return [];
  const message = "has no sticky bit: every user can rename and remove the files of all others";
  return [{ rule: "HOST002", file, text: shown(stats), message }];
}

/** Directories that programs made there for all users. */
function below(directory: Bytes, stats: Stats): HostFinding[] {
  if (!isWorldWritable(stats)) return [];
  let names: Bytes[];
  try {
    names = readdirSync(toBuffer(directory), { encoding: "buffer" }).slice(0, MOST_ENTRIES).map(fromBuffer);
  } catch {
    return [];
  }
  return names.sort().flatMap((name) => {
    const path = join(directory, name);
    const inner = statsOf(path);
    if (!inner?.isDirectory() || !isWorldWritable(inner) || (inner.mode & STICKY) !== 0) return [];
    const message = "is writable by all users and has no sticky bit";
    return [{ rule: "HOST002", severity: "warning" as const, file: path, text: shown(inner), message }];
  });
}

/** A file system of its own must not bring programs and devices; one that is part of another cannot have options. */
function mounted(file: Bytes, mounts: readonly Mount[], live: boolean): HostFinding[] {
  if (!live) return [];
  const mount = mountAt(mounts, file);
  if (mount === undefined) return notMounted(file);
  const missing = ["nosuid", "nodev"].filter((option) => !mount.options.includes(option));
  if (missing.length === 0) return [];
  const message = `is mounted without ${missing.join(" and ")}`;
  return [
    { rule: "HOST002", severity: "warning", file, text: `${mount.type} ${mount.options.join(",")}`, message },
  ];
}

function notMounted(file: Bytes): HostFinding[] {
  if (file !== "/tmp") return [];
  const message =
    "is part of a larger file system: nosuid and nodev cannot be set for it, and users can fill that file system";
  return [{ rule: "HOST002", severity: "note", file, text: "not a mount point", message }];
}
