import { type Bytes, parent, show } from "../../base/bytes.js";
import type { Item } from "../item.js";
import { type Configuration, isGlob, isMaker, makesDirectory } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** Lines that open a door. */
export const PERMISSION_RULES: readonly Rule[] = [
  {
    code: "no-sticky-bit",
    severity: "warning",
    title: "A directory that anybody may write to, without the sticky bit",
    why: "Everybody may remove and replace everybody else's files in it.",
    wayOut: "Set the sticky bit, as 1777.",
    find: (configuration) =>
      modeSpots(configuration, (item, bits) =>
        isDirectoryLine(item) && (bits & STICKY) === 0 ? `mode 0${bits.toString(8)}` : undefined,
      ),
  },
  {
    code: "world-writable-file",
    severity: "warning",
    title: "A file that anybody may write to",
    why: "Whoever reads it trusts everybody; in a shared directory others may be made to write to it.",
    wayOut: "Give it to a group, as 0664 root GROUP.",
    find: (configuration) =>
      modeSpots(configuration, (item, bits) =>
        makesFile(item) || opensOne(item, bits) ? `mode 0${bits.toString(8)}` : undefined,
      ),
  },
  {
    code: "guessable-in-shared-directory",
    severity: "warning",
    title: "A name that anybody can take first",
    why: "In a directory that anybody may write to, whoever makes the name before this line runs owns it, or has it lead elsewhere.",
    wayOut: `Make it at boot, when nobody is there yet ("!"), or below /run.`,
    find: guessableNames,
  },
  {
    code: "recursive-on-shared-tree",
    severity: "warning",
    title: "A recursive change where others may write",
    why: "Owners, modes and attributes are given to whatever others have put there, hard links among it.",
    wayOut: "Change the directory alone, by a line that is not recursive.",
    find: recursiveChanges,
  },
  {
    code: "unsafe-owner-transition",
    severity: "error",
    title: "A way through somebody else's directory",
    why: "Who owns a directory may replace what is in it, so systemd-tmpfiles refuses to go from it to what another owns: the line fails.",
    wayOut: "Give both to one user, or the directory to root.",
    find: unsafeTransitions,
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

/** It makes a directory, or adjusts one: `e`. */
function isDirectoryLine(item: Item): boolean {
  return (
    makesDirectory(item) ||
    (item.type.ages === "contents" && item.type.create !== undefined && item.type.path === "glob")
  );
}

/** It makes a file or a FIFO, by the mode that it gives. Symlinks have none, and device nodes are /dev's. */
function makesFile(item: Item): boolean {
  const { type } = item;
  return (
    type.path === "exact" &&
    type.ownsPath &&
    type.ages === false &&
    type.permissions === undefined &&
    !isDevice(item)
  );
}

/** `z`: of a file, or of a directory without the sticky bit. What lies below /dev is mostly neither. */
function opensOne({ type, path }: Item, bits: number): boolean {
  const adjusts = !type.ownsPath && type.permissions === undefined && type.recursive !== true;
  return adjusts && (bits & STICKY) === 0 && !path.startsWith("/dev/");
}

function isDevice({ type }: Item): boolean {
  return type.path === "exact" && type.argument === "required";
}

function* guessableNames(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type, modifiers, letter } of configuration.all) {
    if (modifiers.boot || type.path !== "exact" || !configuration.isWorldWritable(parent(path))) continue;
    if (configuration.isWorldWritable(path) && isWellKnown(configuration.shown(path))) continue;
    if (/%[bm]/.test(fieldOf(source, "path") ?? "")) continue;
    yield { source, field: "path", detail: `${letter} makes ${show(configuration.shown(path))} at any time` };
  }
}

/** Itself one of the shared directories that are there before anybody is; Debian makes those of X11 in each run. */
function isWellKnown(path: Bytes): boolean {
  return /^(\/[^/]+)?\/(tmp|shm)(\/\.(X11|ICE|XIM|font)-unix)?$/.test(path);
}

function* recursiveChanges(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type, mode, letter } of configuration.all) {
    if (type.recursive !== true) continue;
    const shared = configuration.worldWritableAbove(path);
    if (shared !== undefined) {
      const detail = `${letter} goes through ${show(configuration.shown(path))}, where anybody may write`;
      yield { source, field: "path", detail };
    } else if (((mode?.bits ?? 0) & OTHERS_WRITE) !== 0) {
      yield { source, field: "mode", detail: `${letter} opens the whole tree to everybody` };
    }
  }
}

function* unsafeTransitions(configuration: Configuration): Generator<Spot> {
  for (const item of configuration.all) {
    const { source, path, type } = item;
    const made = isMaker(item);
    if (!made && (isGlob(path) || !isAdjusted(item))) continue;
    const found = configuration.crossing(made ? parent(path) : path, made && type.create !== undefined);
    if (found === undefined) continue;
    const { above, below } = found;
    const where = `${show(above.source.file)}:${above.source.line}`;
    const owned = `${show(configuration.shown(above.path))} is user ${above.user?.id}'s by ${where}`;
    yield { source, field: "path", detail: `${owned}, ${show(configuration.shown(below))} is not` };
  }
}

/** It opens its path to change it. What only writes to it opens it in another way. */
function isAdjusted({ type }: Item): boolean {
  return type.create !== undefined && !(type.ownsPath && type.argument === "required");
}
