/** Builds the shell commands that mount a private /tmp without root. */
import { type Bytes, bytes, escapeForDisplay, join } from "../base/bytes.js";
import { makeDevice, statx } from "../sys/inode.js";
import { MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_RDONLY } from "../sys/mount.js";
import { mountAt, readMountInfo } from "../sys/mountinfo.js";
import type { DirectorySet } from "./directory.js";
import { exposableBelow, makeMountPoints, type PlannedHole } from "./expose.js";
import { tmpfsDirectory } from "./mounts.js";
import { newLeaf } from "./name.js";
import { needProgram } from "./programs.js";
import type { Plan } from "./session.js";
import { attributeNames, SetupError } from "./settings.js";
import { commandLine, quote } from "./shell.js";
import { placesInside } from "./targets.js";

/** Options that the kernel does not let a user namespace clear on a mount from outside. */
const LOCKED = ["ro", "nosuid", "nodev", "noexec", "nosymfollow"];

export function mountCommands(
  plan: Plan,
  directories: DirectorySet,
  exposed: readonly PlannedHole[],
): string[] {
  return plan.mode === "disconnected" && directories.length === 0
    ? tmpfsCommands(plan, exposed)
    : directoryCommands(plan, directories, exposed);
}

/**
 * Checks that the exposed paths are still the files that were opened: mount(8) uses paths, which other users can replace,
 * and the kernel cannot bind-mount a file descriptor from another mount namespace. The command has not started yet.
 */
export function exposureChecks(exposed: readonly PlannedHole[]): string[] {
  return exposed.map(({ path, source }) => {
    const { deviceMajor, deviceMinor, inode } = statx(source);
    const identity = `${makeDevice(deviceMajor, deviceMinor)}:${inode}`;
    const stat = commandLine([needProgram("stat", "coreutils"), "-c", "%d:%i", path]);
    const message = quote(`cannot expose ${escapeForDisplay(path)}: it was replaced during the setup`);
    return `test "$(${stat})" = ${identity} || { echo ${message} >&2; exit 125; }`;
  });
}

/** Exposed paths are bound into the directories first, since the mounted directories then hide the host's /tmp. */
function directoryCommands(plan: Plan, directories: DirectorySet, exposed: readonly PlannedHole[]): string[] {
  const inner = (target: Bytes): Bytes | undefined => {
    const directory = directories.find((each) => each.target === target);
    return directory === undefined ? undefined : join(directory.path, bytes("tmp"));
  };
  for (const directory of directories) makeMountPoints(directory.inner, directory.target, exposed);
  const holes = exposed.flatMap(({ target, below }) => {
    const directory = inner(target);
    if (directory === undefined) return [];
    return boundCommands(join(target, below), join(directory, below), plan);
  });
  const covers = plan.targets.flatMap((target) => {
    const directory = inner(target);
    return directory === undefined ? emptyCommands(target) : boundCommands(directory, target, plan);
  });
  return [...holes, ...covers];
}

/** A bind mount gets its options only with a remount. */
function boundCommands(from: Bytes, to: Bytes, { settings }: Plan): string[] {
  const carrier = mountAt(readMountInfo(), from)?.options ?? [];
  const options = new Set([
    ...attributeNames(settings.attributes),
    ...carrier.filter((each) => LOCKED.includes(each)),
  ]);
  return [mount("-o", "rbind", from, to), mount("-o", ["remount", "bind", ...options].join(","), to)];
}

function emptyCommands(target: Bytes): string[] {
  return [mount("-t", "tmpfs", "-o", "ro,nosuid,nodev,mode=0555,size=4k", "mayfly-empty", target)];
}

/** Mounts one tmpfs on the last target, creates a directory for each target in it, and binds these to the targets. */
function tmpfsCommands(plan: Plan, exposed: readonly PlannedHole[]): string[] {
  const session = plan.targets.at(-1);
  if (session === undefined) return [];
  for (const path of plan.expose) {
    if (exposableBelow(path, plan.targets) !== session) continue;
    const why = `a path below ${escapeForDisplay(session)} cannot be exposed in a tmpfs without root`;
    throw new SetupError("BAD_OPTION", `${escapeForDisplay(path)}: ${why}`);
  }
  const options = Object.entries({ mode: "0700", ...plan.settings.tmpfs }).map(
    ([key, value]) => `${key}=${value}`,
  );
  const leaf = newLeaf(plan.name);
  const made = (target: Bytes): Bytes => join(session, tmpfsDirectory(target));
  return [
    mount("-t", "tmpfs", "-o", [...options, "nosuid", "nodev"].join(","), leaf, session),
    ...plan.targets.map((target) => makeDirectory(made(target), 0o1777)),
    ...plan.targets.flatMap((target) => placeCommands(made(target), target)),
    ...exposedCommands(plan, exposed, made),
    ...plan.targets.flatMap((target) => boundInside(made(target), target, plan)),
  ];
}

function exposedCommands(
  plan: Plan,
  exposed: readonly PlannedHole[],
  made: (target: Bytes) => Bytes,
): string[] {
  return exposed.flatMap(({ target, below, isDirectory, way }) => {
    const point = join(made(target), below);
    let at = made(target);
    const between = way.map(({ name, mode }) => {
      at = join(at, name);
      return `test -d ${quote(at)} || ${makeDirectory(at, mode)}`;
    });
    const last = isDirectory ? makeDirectory(point, 0o755) : `: >${quote(point)}`;
    return [...between, last, ...boundCommands(join(target, below), point, plan)];
  });
}

/** Creates the other targets that are inside this one. */
function placeCommands(directory: Bytes, target: Bytes): string[] {
  const mkdir = needProgram("mkdir", "coreutils");
  return placesInside(target).map((place) =>
    commandLine([mkdir, "-p", "-m", "1777", join(directory, place)]),
  );
}

function makeDirectory(path: Bytes, mode: number): string {
  return commandLine([needProgram("mkdir", "coreutils"), "-m", (mode & 0o7777).toString(8), path]);
}

function boundInside(from: Bytes, to: Bytes, { settings }: Plan): string[] {
  const options = ["remount", "bind", ...attributeNames(settings.attributes)].join(",");
  return [mount("-o", "rbind", from, to), mount("-o", options, to)];
}

function mount(...words: readonly string[]): string {
  return commandLine([needProgram("mount", "mount of util-linux"), "-n", ...words]);
}

/** The options of bubblewrap for the mounts; undefined if it does not support them. */
export function bubblewrapOptions(plan: Plan, directories: DirectorySet): string[] | undefined {
  const unknown = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
  if ((plan.settings.attributes & unknown) !== 0 || directories.length !== plan.targets.length)
    return undefined;
  const bind = (plan.settings.attributes & MOUNT_ATTR_RDONLY) !== 0 ? "--ro-bind" : "--bind";
  return [
    ...["--dev-bind", "/", "/"],
    ...directories.flatMap(({ path, target }) => [bind, join(path, bytes("tmp")), target]),
    ...plan.expose.flatMap((path) => [bind, path, path]),
    ...(plan.rights.dieWithParent === true ? ["--die-with-parent"] : []),
  ];
}
