/** Installs the jobs that set up and clean a host, and uninstalls them. Both can be repeated after a kill at any moment. */
import { type Bytes, basename, dirname, escapeForDisplay, join } from "../base/bytes.js";
import { removeTree } from "../path/tree.js";
import { type ActiveCleaner, activeCleaners } from "./active.js";
import { ABSENT, type InodeState, kindText, sameState } from "./inode-state.js";
import { withLock } from "./lock.js";
import { type PathChange, readManifest, removeLeftovers, removeManifest, writeManifest } from "./manifest.js";
import { parentOf, put, requireOwnDirectory, stateAt } from "./place.js";
import { type Choice, type Host, isTakenOver, stateWanted, type Wanted } from "./plan.js";
import { planFor } from "./plan-for.js";

export interface InstallOptions extends Choice {
  readonly host: Host;
  readonly takeOver: boolean;
  readonly dryRun: boolean;
}

/** A path, and what it becomes. */
export interface InstallStep {
  readonly path: Bytes;
  readonly from: InodeState;
  readonly to: InodeState;
}

export interface Installed {
  /** What was changed, or would be, in order. */
  readonly steps: readonly InstallStep[];
  /** Other cleaners that are active: if there are any, nothing was changed. */
  readonly active: readonly ActiveCleaner[];
  readonly warnings: readonly string[];
}

/**
 * Installs, or updates what an earlier call installed.
 *
 * @throws Error if a file is in the way, or a change fails. The manifest then has what `uninstall` needs.
 */
export function installSync(options: InstallOptions): Installed {
  return options.dryRun ? install(options) : withLock(options.host, () => install(options));
}

function install(options: InstallOptions): Installed {
  const { host, dryRun } = options;
  const earlier = readManifest(host.root, host.state);
  const cleaners = activeCleaners(host);
  const active = options.takeOver ? cleaners.filter(({ off }) => off === undefined) : cleaners;
  if (active.length > 0) return { steps: [], active, warnings: [] };
  requireOwnDirectory(host.root, join(host.state, "install.json" as Bytes));
  const { wanted, data, warnings } = planFor(host, options);
  // What an earlier installation turned off is not active any more, and stays off.
  const off = cleaners.flatMap((each) => each.off ?? []);
  const known = earlier?.changes ?? [];
  const isKept = (change: PathChange): boolean =>
    isOff(change) && !off.some(({ path }) => path === change.path);
  const kept = earlier?.takeOver === true ? known.filter(isKept) : [];
  const changes = withDirectories(host, merged(host, [...off, ...wanted], known, kept), known);
  const steps = changes.flatMap((change) => stepTo(host, change, change.after[0] ?? change.before));
  if (dryRun) return { steps, active, warnings };
  removeLeftovers(host.root, host.state);
  const record = {
    version: 1,
    init: options.init,
    serve: options.serve,
    serviceDirectory: options.serviceDirectory,
    takeOver: off.length + kept.length > 0,
    data: [...new Set([...(earlier?.data ?? []), ...data])],
  } as const;
  writeManifest(host.root, host.state, { ...record, changes });
  for (const change of changes) apply(host, change, change.after[0] ?? change.before);
  const final = changes
    .filter(({ before, after: [now = before] }) => !sameState(before, now))
    .map(({ after, ...change }) => ({ ...change, after: after.slice(0, 1) }));
  writeManifest(host.root, host.state, { ...record, changes: final });
  return { steps, active, warnings };
}

/** Whether the change turned another cleaner off: it is the only kind that has a file before it, or a mask after it. */
function isOff({ before, after: [now] }: PathChange): boolean {
  return before.kind !== "absent" || (now?.kind === "symlink" && now.target === "/dev/null");
}

/** The changes of the new plan; what only the earlier one has is put back. */
function merged(
  host: Host,
  wanted: readonly Wanted[],
  earlier: readonly PathChange[],
  kept: readonly PathChange[],
): PathChange[] {
  const known = new Map(earlier.map((change) => [change.path, change]));
  const changes = wanted.map((each) => changeTo(host, each, known.get(each.path)));
  const planned = new Set([...changes, ...kept].map(({ path }) => path));
  const dropped = earlier
    .filter(({ path, after: [now] }) => !planned.has(path) && now?.kind !== "directory")
    .map(({ path, before, after }) => ({ path, before, after: [before, ...after] }));
  return [...dropped, ...kept, ...changes];
}

function changeTo(host: Host, wanted: Wanted, earlier: PathChange | undefined): PathChange {
  const present = stateAt(host.root, wanted.path);
  const made = earlier?.after ?? [];
  const isOurs = [earlier?.before ?? ABSENT, ...made].some((state) => sameState(state, present));
  // An upgrade may have replaced a cleaner that was off.
  const before = isTakenOver(wanted) && !isOurs ? present : (earlier?.before ?? present);
  const after = stateWanted(wanted, before);
  if (!isTakenOver(wanted) && !isOurs && present.kind !== "absent" && !sameState(present, after))
    throw inTheWay(wanted.path, present, earlier);
  requireOwnDirectory(host.root, wanted.path);
  return { path: wanted.path, before, after: [after, ...made] };
}

function inTheWay(path: Bytes, present: InodeState, earlier: PathChange | undefined): Error {
  const reason =
    earlier === undefined ? "mayfly did not make it" : "it was changed after mayfly installed it";
  return new Error(
    `${escapeForDisplay(path)}: ${kindText(present)} is in the way, and ${reason}; move it away and repeat the command`,
  );
}

/** Adds the directories that are missing, before what is in them. */
function withDirectories(
  host: Host,
  changes: readonly PathChange[],
  earlier: readonly PathChange[],
): PathChange[] {
  const made = earlier.filter(({ after: [now] }) => now?.kind === "directory");
  const directories = new Map(made.map((change) => [change.path, change]));
  for (const { path } of changes) {
    for (let above = dirname(path); above !== "/" && !directories.has(above); above = dirname(above)) {
      if (stateAt(host.root, above).kind !== "absent") break;
      directories.set(above, { path: above, before: ABSENT, after: [{ kind: "directory" }] });
    }
  }
  const sorted = [...directories.values()].sort((a, b) => a.path.length - b.path.length);
  return [...sorted, ...changes];
}

function stepTo({ root }: Host, { path }: PathChange, to: InodeState): InstallStep[] {
  const from = stateAt(root, path);
  return sameState(from, to) ? [] : [{ path, from, to }];
}

function apply(host: Host, { path, before, after }: PathChange, to: InodeState): void {
  put(host.root, path, to, (state) => [before, ABSENT, ...after].some((each) => sameState(each, state)));
}

export interface Uninstalled {
  /** What was put back, or would be. */
  readonly steps: readonly InstallStep[];
  /** What was changed after the installation, and is left as it is. */
  readonly left: readonly Bytes[];
}

/** Puts back what was there before `install`. undefined if nothing is installed. */
export function uninstallSync(host: Host, { dryRun }: { readonly dryRun: boolean }): Uninstalled | undefined {
  return dryRun ? uninstall(host, true) : withLock(host, () => uninstall(host, false));
}

function uninstall(host: Host, dryRun: boolean): Uninstalled | undefined {
  const manifest = readManifest(host.root, host.state);
  if (!dryRun) removeLeftovers(host.root, host.state);
  if (manifest === undefined) return undefined;
  const changes = [...manifest.changes].reverse();
  const left = changes.filter((change) => !isKnown(host, change));
  const back = changes.filter((change) => !left.includes(change));
  const steps = back.flatMap((change) => stepTo(host, change, change.before));
  if (!dryRun) {
    const isDirectory = ({ after: [now] }: PathChange): boolean => now?.kind === "directory";
    for (const change of back) if (!isDirectory(change)) apply(host, change, change.before);
    for (const path of manifest.data) removeData(host, path);
    for (const change of back) if (isDirectory(change)) apply(host, change, change.before);
    removeManifest(host.root, host.state, manifest);
  }
  return { steps, left: left.map(({ path }) => path) };
}

function removeData({ root }: Host, path: Bytes): void {
  using dir = parentOf(root, path);
  if (dir !== undefined && stateAt(root, path).kind !== "absent") removeTree(dir, basename(path));
}

/** Whether the path is as it was before, or as Mayfly made it, or was removed since. */
function isKnown({ root }: Host, { path, before, after }: PathChange): boolean {
  const present = stateAt(root, path);
  return [before, ABSENT, ...after].some((state) => sameState(state, present));
}
