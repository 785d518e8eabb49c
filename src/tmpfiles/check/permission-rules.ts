/** Rules about modes, owners and ACLs that grant too much access or too little. */
import { type Bytes, dirname, escapeForDisplay } from "../../base/bytes.js";
import type { Item } from "../model/item.js";
import { maskedAcls } from "./acl-rule.js";
import { type Configuration, hasGlob, isDirectoryLine, isMaker } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
const OWNER_SEARCH = 0o100;
const STICKY = 0o1000;

export const PERMISSION_RULES: readonly Rule[] = [
  {
    code: "no-sticky-bit",
    severity: "warning",
    title: "World-writable directory without the sticky bit",
    why: "Every user can remove and replace the files of all others in it.",
    fix: "Set the sticky bit, for example mode 1777.",
    find: (configuration) =>
      modeSpots(configuration, (item, bits) =>
        isDirectoryLine(item) && (bits & STICKY) === 0 ? `mode 0${bits.toString(8)}` : undefined,
      ),
  },
  {
    code: "world-writable-file",
    severity: "warning",
    title: "World-writable file",
    why: "Programs that read it trust every user; in a shared directory they may be made to write to another file.",
    fix: "Give it to a group, for example 0664 root GROUP.",
    find: (configuration) =>
      modeSpots(configuration, (item, bits) =>
        makesFile(item, bits) || opensOne(item, bits) ? `mode 0${bits.toString(8)}` : undefined,
      ),
  },
  {
    code: "directory-without-search",
    severity: "warning",
    title: "Directory that its owner cannot enter",
    why: "Without x, files in the directory cannot be opened, whatever their own modes.",
    fix: "Add x for everyone who may read, for example 0755 or 0700; in a Z line ~0755, which leaves files without x as they are.",
    find: unsearchableDirectories,
  },
  {
    code: "guessable-in-shared-directory",
    severity: "warning",
    title: "Predictable name in a world-writable directory",
    why: "Another user can create it first, and so own it or point it elsewhere.",
    fix: `Create it at boot, before users log in ("!"), or below /run.`,
    find: guessableNames,
  },
  {
    code: "recursive-on-shared-tree",
    severity: "warning",
    title: "Recursive change where other users can write",
    why: "Files that other users put there, including hard links to files elsewhere, get the owner, mode or attributes.",
    fix: "Change only the directory, with a line type that is not recursive.",
    find: recursiveChanges,
  },
  {
    code: "unsafe-owner-transition",
    severity: "error",
    title: "Unsafe ownership transition",
    why: "The owner of a directory can replace its contents, so systemd-tmpfiles refuses to follow it to a path with a different owner: the line fails.",
    fix: "Give both paths to the same user, or the directory to root.",
    find: unsafeTransitions,
  },
  {
    code: "acl-masked-by-mode",
    severity: "warning",
    title: "ACL is disabled by the mode of another line",
    why: "Setting the mode of a path that has an ACL sets the ACL's mask. The first run grants the access, and every later one takes it away.",
    fix: "Set group permissions in the mode that include those of the ACL, for example 0750, or add a mask to the ACL line, for example m::rx.",
    find: maskedAcls,
  },
];

function* modeSpots(
  { all }: Configuration,
  detail: (item: Item, bits: number) => string | undefined,
): Generator<Spot> {
  for (const item of all) {
    const bits = item.mode?.bits ?? 0;
    const found = (bits & OTHERS_WRITE) === 0 ? undefined : detail(item, bits);
    if (found !== undefined) yield { source: item.source, field: "mode", detail: found };
  }
}

/** A mode with "~" removes x from files without it, and gives it to no directory. */
function* unsearchableDirectories({ all }: Configuration): Generator<Spot> {
  for (const item of all) {
    const { mode, source } = item;
    if (mode === undefined || (mode.bits & OWNER_SEARCH) !== 0) continue;
    if (!isDirectoryLine(item) && !changesDirectories(item)) continue;
    yield { source, field: "mode", detail: `mode 0${mode.bits.toString(8)} has no x for the owner` };
  }
}

/** `Z` changes all directories below its path. It creates none, so that a mode with ":" changes none. */
function changesDirectories({ type, mode }: Item): boolean {
  return type.recursive === true && mode?.onlyCreate !== true;
}

/** Whether the line creates a file or a FIFO with its mode. Symlinks have no mode, and device nodes belong to /dev. */
function makesFile(item: Item, bits: number): boolean {
  const { kind } = item.type;
  // A FIFO that all users may write to and its owner reads is a trigger.
  if (kind === "fifo") return (bits & OTHERS_READ) !== 0;
  return kind === "file" && isMaker(item);
}

/** `z` changes a file, or a directory without the sticky bit. Paths below /dev are mostly neither. */
function opensOne({ type, path }: Item, bits: number): boolean {
  const adjusts = type.kind === "adjustment" && type.permissions === undefined && type.recursive !== true;
  return adjusts && (bits & STICKY) === 0 && !path.startsWith("/dev/");
}

function* guessableNames(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type, modifiers, letter } of configuration.all) {
    if (modifiers.boot || type.path !== "exact" || !configuration.isWorldWritable(dirname(path))) continue;
    if (configuration.isWorldWritable(path) && isWellKnown(configuration.shown(path))) continue;
    if (/%[bm]/.test(fieldOf(source, "path") ?? "")) continue;
    yield {
      source,
      field: "path",
      detail: `${letter} creates ${escapeForDisplay(configuration.shown(path))} at any time`,
    };
  }
}

/**
 * Whether the path is a shared directory that exists before other users can run; Debian creates those of X11 in each run.
 */
function isWellKnown(path: Bytes): boolean {
  return /^(\/[^/]+)?\/(tmp|shm)(\/\.(X11|ICE|XIM|font)-unix)?$/.test(path);
}

function* recursiveChanges(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type, mode, letter } of configuration.all) {
    if (type.recursive !== true) continue;
    const shared = configuration.worldWritableAbove(path);
    if (shared !== undefined) {
      const detail = `${letter} changes everything below ${escapeForDisplay(configuration.shown(path))}, where every user can write`;
      yield { source, field: "path", detail };
    } else if (((mode?.bits ?? 0) & OTHERS_WRITE) !== 0) {
      yield { source, field: "mode", detail: `${letter} makes the whole tree world-writable` };
    }
  }
}

function* unsafeTransitions(configuration: Configuration): Generator<Spot> {
  for (const item of configuration.all) {
    const { source, path, type } = item;
    const made = isMaker(item);
    if (!made && (hasGlob(path) || !isAdjusted(item))) continue;
    const found = configuration.crossing(made ? dirname(path) : path, made && type.create !== undefined);
    if (found === undefined) continue;
    const { above, below } = found;
    const where = `${escapeForDisplay(above.source.file)}:${above.source.line}`;
    const owned = `${escapeForDisplay(configuration.shown(above.path))} belongs to user ${above.user?.id} (${where})`;
    yield {
      source,
      field: "path",
      detail: `${owned}, ${escapeForDisplay(configuration.shown(below))} does not`,
    };
  }
}

/** Whether the line opens its path to change it. Lines that only write to it open it in another way. */
function isAdjusted({ type }: Item): boolean {
  return type.create !== undefined && type.kind !== "file";
}
