/** Cleaning, removing and purging, for every line type that has them. */
import { type Bytes, basename, dirname, join, SELF } from "../../base/bytes.js";
import { failedWith, SyscallError } from "../../base/errors.js";
import type { Operation } from "../../base/events.js";
import { throwIfStopped } from "../../base/stop.js";
import { requireNormalized, resolve } from "../../path/resolve.js";
import { entries, openDirectory } from "../../sys/directory.js";
import { SUCCESS } from "../../sys/ffi.js";
import { type Fd, O_DIRECTORY, O_NOATIME, O_RDONLY, openat } from "../../sys/files.js";
import { S_IFLNK, S_IFMT, statx } from "../../sys/inode.js";
import { ENOTEMPTY } from "../../sys/scan.js";
import type { AgeRule } from "../ageing/age-rule.js";
import { ifThere, openBase, openParent } from "../ageing/base.js";
import { ANY_AGE, ageRule } from "../ageing/walker.js";
import { skip } from "../model/attempt.js";
import type { Handler, Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { RemovalTarget } from "./removal-target.js";

/** Removes the old entries of a directory: `d`, `D`, `e`, `v`, `q`, `Q`, `C`, `x` and `X` on --clean. */
export const cleanContents: Handler = (run, item, path) => {
  walkContents(run, item, "clean", path, ruleOf(run, item));
};

/** Removes all entries of a directory: `D` on --remove. */
export const removeContents: Handler = (run, item, path) => walkContents(run, item, "remove", path, ANY_AGE);

/** Removes a file or an empty directory: `r` on --remove. A directory that is not empty is a failure. */
export const removePath: Handler = (run, item, path) => {
  using dir = openParent(run, path);
  const target = dir && RemovalTarget.at(run, item, "remove", dir, path);
  if (target === undefined) return;
  // The kernel knows whether it is empty. Only a dry run has to check, if it can do so without changing an access time.
  if (!run.walker.effects.acts && target.isDirectory) {
    using base = openBase(target.dir, path);
    using listing = base && openUnnoticed(base);
    if (listing !== undefined && !isListedEmpty(run, listing, path))
      throw target.error(ENOTEMPTY, "unlinkat");
  }
  target.remove("fail");
};

/** Removes a path and everything below it: `R` on --remove. */
export const removePathTree: Handler = (run, item, path) => removeAll(run, item, "remove", path);

/** Removes what a line with the modifier `$` created: --purge. */
export const purgePath: Handler = (run, item, path) => removeAll(run, item, "purge", path);

/** Removes an old file or empty directory: `r` with an age, on --clean. */
export const cleanPath: Handler = (run, item, path) => {
  cleanInstance(run, item, path, (target, rule) => {
    if (rule === undefined || !target.isOld(rule)) return;
    using base = target.isDirectory ? openSame(target) : undefined;
    target.whileLocked(base, rule, () => {
      if (base !== undefined && !isEmpty(run, base, path)) target.keep({ code: "not-empty" });
      else removeSame(target);
    });
  });
};

/** Removes an old path, and the old entries below it: `R` with an age, on --clean. */
export const cleanTree: Handler = (run, item, path) => {
  cleanInstance(run, item, path, (target, rule) => {
    const old = rule !== undefined && target.isOld(rule);
    using base = target.isDirectory ? openSame(target) : undefined;
    if (rule === undefined || (base === undefined && !old)) return;
    target.whileLocked(base, rule, () => {
      const inside = base && run.walker.walk(item, "clean", base, path, rule);
      if (inside !== undefined) run.outcome.walked(inside.status);
      throwIfStopped(run.stop);
      // `~` keeps a directory and its immediate entries; for a file it has no meaning.
      if (!old || (rule.keepFirstLevel && base !== undefined)) return;
      if (base !== undefined && !isEmpty(run, base, path)) target.keep({ code: "not-empty" });
      else removeSame(target);
    });
  });
};

/** Without a rule, nothing is old. */
type CleanInstance = (target: RemovalTarget, rule: AgeRule | undefined) => void;

/** Resolves the path of an `r` or `R` line with an age without unsafe transitions, and reads its stat. */
function cleanInstance(run: RunContext, item: Item, path: Bytes, clean: CleanInstance): void {
  if (item.age === undefined) return;
  requireNormalized(path);
  using dir = ifThere(() =>
    resolve(run.root, dirname(path), { follow: true, preserveAtime: run.preserveAtime }),
  );
  const target = dir && RemovalTarget.at(run, item, "clean", dir, path);
  if (target !== undefined) clean(target, withoutBudget(ruleOf(run, item)));
}

/** A budget is for what is in a directory that stays. */
function withoutBudget(rule: AgeRule | undefined): AgeRule | undefined {
  return rule?.budget === undefined ? rule : { ...rule, budget: undefined };
}

function openSame(target: RemovalTarget): Fd | undefined {
  const base = openBase(target.dir, target.path);
  target.requireSame();
  return base;
}

function removeSame(target: RemovalTarget): void {
  target.requireSame();
  target.removeOld();
}

/**
 * Opens the directory again, because the walk has read it to its end. Without permission to search it, this fails, as in
 * 262.
 */
function isEmpty(run: RunContext, base: Fd, path: Bytes): boolean {
  using listing = openDirectory(base, SELF);
  return isListedEmpty(run, listing, path);
}

/** Opens a directory without changing its access time; undefined for users who are neither its owner nor root. */
function openUnnoticed(base: Fd): Fd | undefined {
  try {
    return openat(base, SELF, O_RDONLY | O_DIRECTORY | O_NOATIME);
  } catch (error) {
    if (failedWith(error, "EPERM")) return undefined;
    throw error;
  }
}

function isListedEmpty(run: RunContext, listing: Fd, path: Bytes): boolean {
  const { gone } = run.walker.effects;
  for (const { name } of entries(listing)) if (gone?.has(join(path, name)) !== true) return false;
  return true;
}

function ruleOf(run: RunContext, item: Item): AgeRule | undefined {
  const { age, pragmas } = item;
  if (age === undefined || pragmas?.invalid) return undefined;
  if (pragmas?.afterClockSync && !run.isClockSynchronized()) {
    skip(run, item, item.path, "cleans nothing until the clock is synchronized (after=clock-sync)");
    return undefined;
  }
  return ageRule(age, run.clock.now(), pragmas);
}

/**
 * Without a rule, the directory is only opened. If that is not permitted, it is a failure even if there is nothing to
 * clean.
 */
function walkContents(
  run: RunContext,
  item: Item,
  operation: Operation,
  path: Bytes,
  rule: AgeRule | undefined,
): void {
  using dir = openParent(run, path);
  using base = dir && openBase(dir, path);
  if (dir !== undefined && base === undefined) skipSymlink(run, item, dir, path);
  if (base === undefined || rule === undefined) return;
  run.outcome.walked(run.walker.walk(item, operation, base, path, rule).status);
}

/** A symlink is not followed, even to a directory. It is reported, because the line would seem to have an effect. */
function skipSymlink(run: RunContext, item: Item, dir: Fd, path: Bytes): void {
  try {
    const { mode } = statx(dir, (basename(path) || SELF) as Bytes);
    if ((mode & S_IFMT) === S_IFLNK) skip(run, item, path, "is a symlink, which the line does not follow");
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}

function removeAll(run: RunContext, item: Item, operation: Operation, path: Bytes): void {
  // A file in place of a directory on the path is a failure, as in 262, which does not check this in a dry run.
  using dir = openParent(run, path, run.walker.effects.acts ? ["ENOENT"] : undefined);
  const target = dir && RemovalTarget.at(run, item, operation, dir, path);
  if (target === undefined) return;
  using base = target.isDirectory ? openBase(target.dir, path) : undefined;
  if (base === undefined) {
    target.remove();
    return;
  }
  const { status, stays } = run.walker.walk(item, operation, base, path, ANY_AGE);
  run.outcome.walked(status);
  throwIfStopped(run.stop);
  if (status !== SUCCESS) return;
  // Tried even if it is not empty: if it could not be removed anyway, that failure is reported.
  if (stays > 0 && !run.walker.effects.acts) target.keep({ code: "not-empty" });
  else target.remove();
}
