/** Loads the configuration that a cleaner used, if only root and this user can write it. */
import { type Bytes, bytes, escapeForDisplay, join } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { isRegular, statx } from "../../sys/inode.js";
import { readAll } from "../../sys/read.js";
import { openTrusted, reopenToRead } from "../../sys/trusted.js";
import { configDirectories, displayPath, listConfigFiles } from "../../tmpfiles/config/files.js";
import { type Loaded, loadItemsSync } from "../../tmpfiles/config/items.js";
import type { ConfigText } from "../../tmpfiles/model/options.js";
import type { CleanerCall } from "./cleaner-arguments.js";

const MOST_BYTES = 1 << 20;
/** The context for lines of another root. */
const READ_BELOW_A_ROOT = [
  ...["/etc/passwd", "/etc/group", "/etc/os-release", "/usr/lib/os-release", "/etc/machine-id"],
  ...["/etc/machine-info", "/etc/hostname"],
].map(bytes);

/** The lines that apply, or why they are unknown. */
export function loadAsCleaner(call: CleanerCall, uid: number | undefined): Loaded | string {
  const { args, inline, root, boot, user, graceful, prefixes, excludePrefixes } = call;
  if (user && uid !== process.geteuid?.()) return "it ran with the configuration of another user";
  if (root !== undefined && !root.startsWith("/")) return "its root was named by a relative path";
  const untrusted = root === undefined ? undefined : untrustedBelow(root, user);
  if (untrusted !== undefined) return `${escapeForDisplay(untrusted)} is writable by users other than root`;
  const textsRead = new Map<Bytes, ConfigText>();
  for (const arg of inline ? [] : args) {
    const text = readTrusted(arg, root, user);
    if (typeof text === "string") return text;
    textsRead.set(arg, text);
  }
  const selection = { args, inline, root, boot, user, graceful, prefixes, excludePrefixes, textsRead };
  const loaded = loadItemsSync({ ...selection, readOn: true });
  return loaded.aborted ? "its configuration cannot be read any more" : loaded;
}

function readTrusted(arg: Bytes, root: Bytes | undefined, user: boolean): ConfigText | string {
  const places = arg.startsWith("/")
    ? [arg]
    : configDirectories(user, process.env).map((directory) => displayPath(root, join(directory, arg)));
  for (const file of places) {
    try {
      using found = openTrusted(file);
      if (found === undefined) return `${escapeForDisplay(file)} is writable by users other than root`;
      if (!isRegular(statx(found))) return `${escapeForDisplay(file)} is not a regular file`;
      using opened = reopenToRead(found);
      return { file, content: readAll(opened, MOST_BYTES, file) };
    } catch (error) {
      if (!failedWith(error, "ENOENT", "ENOTDIR")) return `${escapeForDisplay(file)} cannot be read`;
    }
  }
  return `${escapeForDisplay(arg)} no longer exists`;
}

/** The first file or directory below the root that another user can write. */
function untrustedBelow(root: Bytes, user: boolean): Bytes | undefined {
  const directories = configDirectories(user, process.env);
  const places = [root, ...[...directories, ...READ_BELOW_A_ROOT].map((each) => displayPath(root, each))];
  const untrusted = places.find((place) => !isTrusted(place));
  if (untrusted !== undefined) return untrusted;
  const { files } = listConfigFiles(root, directories, undefined);
  return files.map(({ below }) => displayPath(root, below)).find((file) => !isTrusted(file));
}

/** A missing file is harmless. */
function isTrusted(path: Bytes): boolean {
  try {
    using found = openTrusted(path);
    return found !== undefined;
  } catch (error) {
    return failedWith(error, "ENOENT");
  }
}
