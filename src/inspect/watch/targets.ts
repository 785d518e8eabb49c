/** Adds the watched paths to the model. */
import { type Bytes, components, dirname, join } from "../../base/bytes.js";
import { Fd, O_DIRECTORY, O_NONBLOCK, openat } from "../../sys/files.js";
import { isDirectory, type Stat, statx } from "../../sys/inode.js";
import type { Directory, DirectoryModel } from "./directory-model.js";
import { type EntryStore, type Scanned, scan, see, watchedKindOf } from "./scan.js";

const NOTHING: Scanned = { added: [], closed: [] };

/**
 * Adds a target to the model, with the directories above it: their events report that the target itself was removed, renamed
 * or created. For a target that does not exist yet, the nearest existing directory is watched.
 */
export function addTarget(model: DirectoryModel, keeper: EntryStore, target: Bytes): Scanned {
  using nearest = openNearest(target);
  const above = directoriesAbove(nearest.path, statx(nearest));
  let directory: Directory | undefined;
  for (const path of [...above, nearest.path]) {
    using fd = openat(Fd.cwd, path, O_DIRECTORY | O_NONBLOCK);
    const key = keeper.enter(fd);
    if (key === undefined) return { added: [], closed: [path] };
    directory = directory === undefined ? model.addRoot(key, path) : below(model, directory, path, key);
  }
  if (directory === undefined) return NOTHING;
  if (nearest.path === target) return scan(model, keeper, nearest, directory);
  notePlainTarget(model, directory, target, nearest);
  return NOTHING;
}

function below(model: DirectoryModel, directory: Directory, path: Bytes, key: string): Directory | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1) as Bytes;
  model.put(directory, name, "directory", key);
  const entry = directory.entries.get(name);
  if (entry !== undefined) see(entry, statx(Fd.cwd, path));
  return entry?.directory;
}

/** A target that is not a directory. */
function notePlainTarget(model: DirectoryModel, directory: Directory, target: Bytes, nearest: Fd): void {
  if (dirname(target) !== nearest.path) return;
  const name = target.slice(target.lastIndexOf("/") + 1) as Bytes;
  try {
    const stat = statx(nearest, name);
    model.put(directory, name, watchedKindOf(stat));
    const entry = directory.entries.get(name);
    if (entry !== undefined) see(entry, stat);
  } catch {
    // It does not exist yet: its creation will be reported.
  }
}

/** The target, or the nearest existing directory above it. */
function openNearest(target: Bytes): Fd {
  for (let path = target; ; path = dirname(path)) {
    try {
      const fd = openat(Fd.cwd, path, O_DIRECTORY | O_NONBLOCK);
      if (isDirectory(statx(fd))) return fd;
      fd.close();
    } catch (error) {
      if (path === "/") throw error;
    }
  }
}

/** The directories above a path that are on the same mount, from the top down. */
function directoriesAbove(path: Bytes, stat: Stat): Bytes[] {
  const prefixes: Bytes[] = ["/" as Bytes];
  for (const name of components(path)) prefixes.push(join(prefixes.at(-1) ?? ("/" as Bytes), name));
  prefixes.pop();
  const elsewhere = prefixes.findLastIndex((each) => statx(Fd.cwd, each, 0).mountId !== stat.mountId);
  return prefixes.slice(elsewhere + 1);
}
