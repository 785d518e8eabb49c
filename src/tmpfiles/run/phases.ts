/** The order of a run: phases, parents and children. */
import { type Bytes, dirname } from "../../base/bytes.js";
import { SyscallError } from "../../base/errors.js";
import type { Operation } from "../../base/events.js";
import { throwIfStopped } from "../../base/stop.js";
import { expandBraces } from "../../path/braces.js";
import { glob, isGlob, literalPrefix } from "../../path/glob.js";
import { isBelowAutofs } from "../../path/resolve.js";
import { requireThere } from "../../sys/inode.js";
import { hasAutomounts } from "../../sys/mountinfo.js";
import { attempt, skip } from "../model/attempt.js";
import type { Handler, Item, ItemGroup } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { createItem } from "./create.js";

/** Removal comes before creation, tmpfiles.d(5). */
const PHASES: readonly (readonly Operation[])[] = [["purge"], ["remove", "clean"], ["create"]];

export interface Groups {
  readonly exact: readonly ItemGroup[];
  readonly globs: readonly ItemGroup[];
  /** Restricts the run to certain paths. All items still keep others from being removed. */
  readonly only?: (path: Bytes) => boolean;
}

/** Runs the requested operations on the items, phase by phase. */
export function runPhases(run: RunContext, groups: Groups, operations: ReadonlySet<Operation>): void {
  const { only } = groups;
  const autofs = new AutofsCheck(run);
  for (const phase of PHASES) {
    const asked = phase.filter((operation) => operations.has(operation));
    if (asked.length === 0) continue;
    // A group that was reached as the parent or child of another is not run again.
    const done = new Set<ItemGroup>();
    // Exact paths are mostly created and globs mostly adjusted, so globs come second.
    const state = { run, asked, creates: asked.includes("create"), done, autofs, only };
    for (const group of [...groups.exact, ...groups.globs]) runGroup(state, group);
  }
}

interface Phase {
  readonly run: RunContext;
  readonly asked: readonly Operation[];
  readonly creates: boolean;
  readonly done: Set<ItemGroup>;
  readonly autofs: AutofsCheck;
  readonly only: Groups["only"];
}

/** Creates parents before their children, and removes children before their parents. */
function runGroup(phase: Phase, group: ItemGroup): void {
  const { parent: above, children } = group;
  if (above !== undefined || children.length > 0) {
    if (phase.done.has(group)) return;
    phase.done.add(group);
  }
  if (phase.creates) {
    if (above !== undefined) runGroup(phase, above);
  } else for (const child of children) runGroup(phase, child);
  for (const item of group.items) {
    throwIfStopped(phase.run.stop);
    runItem(phase, item);
  }
}

function runItem(phase: Phase, item: Item): void {
  const { run, asked, creates, autofs, only } = phase;
  if (!isWanted(phase, item) || (only !== undefined && !mayLead(item, only))) return;
  if (!creates && leadsNowhere(item, autofs)) return;
  if (autofs.isBelow(item.path)) {
    skip(run, item, item.path, "it lies below an automount point");
    return;
  }
  for (const operation of asked) {
    const handler = handlerOf(run, item, operation);
    if (handler === undefined) continue;
    if (operation === "create") createItem(run, item);
    else removeItem(run, item, handler, only);
  }
}

function isWanted({ run, asked }: Phase, item: Item): boolean {
  for (const operation of asked) if (handlerOf(run, item, operation) !== undefined) return true;
  return false;
}

/**
 * Most lines of a host are for software that is not installed: if their directory is missing, there is nothing to remove.
 */
function leadsNowhere(item: Item, autofs: AutofsCheck): boolean {
  const { path, type } = item;
  if (autofs.isSurelyGone(path)) return true;
  if (type.path === "exact") return autofs.isMissing(dirname(path));
  const fixed = isGlob(path) ? literalPrefix(path) : dirname(path);
  return LITERAL.test(fixed) && autofs.isMissing(fixed);
}

/** A path without wildcards, braces and escapes, which means the same in a pattern. */
const LITERAL = /^[^*?[{\\]*$/;

/** Whether the item may concern one of certain paths, judged by its text alone. */
function mayLead(item: Item, only: NonNullable<Groups["only"]>): boolean {
  const paths = item.type.path === "glob" ? expandBraces(item.path).map(literalPrefix) : [item.path];
  return paths.some(only);
}

/** The handler of the item for this operation; undefined if it has none. */
export function handlerOf(
  run: Pick<RunContext, "opensAgeless">,
  item: Item,
  operation: Operation,
): Handler | undefined {
  if (operation === "purge" && !item.modifiers.purge) return undefined;
  if (operation === "clean" && item.age === undefined && !run.opensAgeless) return undefined;
  return item.type[operation];
}

/** The `-` modifier tolerates failures only on creation. */
function removeItem(run: RunContext, item: Item, handler: Handler, only: Phase["only"]): void {
  const paths = item.type.path === "glob" ? glob(run, item.path, only) : [item.path];
  for (const path of paths) {
    attempt(run, item, path, () => handler(run, item, path, true), false);
    throwIfStopped(run.stop);
  }
}

/** Checks each directory of items once, and none on a host without automount points. */
class AutofsCheck {
  readonly #run: RunContext;
  #hasAny: boolean | undefined;
  readonly #known = new Map<Bytes, boolean>();
  readonly #missing = new Map<Bytes, boolean>();
  /** The last directory that was found missing, with a slash. */
  #gone: string | undefined;

  constructor(run: RunContext) {
    this.#run = run;
  }

  /**
   * Whether the directory or one above it is certainly missing. Not checked below a root, in which symlinks resolve
   * differently, nor by a run that only reads, because the kernel updates the access times of the symlinks that it follows.
   */
  isMissing(directory: Bytes): boolean {
    if (this.#run.root !== "/" || this.#run.preserveAtime) return false;
    let missing = this.#missing.get(directory);
    if (missing === undefined) {
      const above = dirname(directory);
      const aboveIsMissing = above !== directory && this.isMissing(above);
      missing = aboveIsMissing || (!this.isBelow(directory) && isGone(directory));
      this.#missing.set(directory, missing);
      if (missing && !aboveIsMissing && LITERAL.test(directory)) this.#gone = `${directory}/`;
    }
    return missing;
  }

  /** A shortcut for consecutive lines: whether a path or pattern begins with the directory that was last found missing. */
  isSurelyGone(path: Bytes): boolean {
    return this.#gone !== undefined && path.startsWith(this.#gone);
  }

  isBelow(path: Bytes): boolean {
    const fixed = isGlob(path) ? literalPrefix(path) : path;
    let below = this.#known.get(fixed);
    if (below === undefined) {
      this.#hasAny ??= hasAutomounts();
      below = this.#hasAny && isBelowAutofs(this.#run.root, fixed, this.#run.preserveAtime);
      this.#known.set(fixed, below);
    }
    return below;
  }
}

/** A directory that cannot be examined may exist, and its lines report a path that leads through a file. */
function isGone(directory: Bytes): boolean {
  try {
    requireThere(directory);
    return false;
  } catch (error) {
    if (error instanceof SyscallError) return error.code === "ENOENT";
    throw error;
  }
}
