import { type Bytes, basename, join, parent } from "../../base/bytes.js";
import { failedWith, SyscallError } from "../../base/errors.js";
import type { Operation } from "../../base/events.js";
import { throwIfStopped } from "../../base/stop.js";
import { requireNormalized, resolve } from "../../path/resolve.js";
import { entries, openDirectory } from "../../sys/directory.js";
import { type Fd, O_DIRECTORY, O_NOATIME, O_RDONLY, openat } from "../../sys/files.js";
import { S_IFLNK, S_IFMT, statx } from "../../sys/inode.js";
import { ENOTEMPTY } from "../../sys/scan.js";
import { ifThere, openBase, openParent } from "../ageing/base.js";
import type { AgeRule } from "../ageing/guards.js";
import { ANY_AGE, ageRule } from "../ageing/walker.js";
import { skip } from "../attempt.js";
import { Instance } from "../instance.js";
import type { Item } from "../item.js";
import type { Handler } from "../line-type.js";
import type { Run } from "../run.js";

const SELF = "." as Bytes;

/** What lies in a directory goes by its age: `d`, `D`, `e`, `v`, `q`, `Q`, `C`, `x` and `X` on --clean. */
export const cleanContents: Handler = (run, item, path) => {
  walkContents(run, item, "clean", path, ruleOf(run, item));
};

/** All that lies in a directory goes: `D` on --remove. */
export const removeContents: Handler = (run, item, path) => walkContents(run, item, "remove", path, ANY_AGE);

/** A file or an empty directory goes: `r` on --remove. A directory that is not empty is a failure. */
export const removePath: Handler = (run, item, path) => {
  using dir = openParent(run, path);
  const instance = dir && Instance.at(run, item, "remove", dir, path);
  if (instance === undefined) return;
  // Whether it is empty the kernel knows. Only a dry run has to look, if it can without moving an access time.
  if (!run.walker.hands.acts && instance.isDirectory) {
    using base = openBase(instance.dir, path);
    using listing = base && openUnnoticed(base);
    if (listing !== undefined && !isListedEmpty(run, listing, path))
      throw instance.error(ENOTEMPTY, "unlinkat");
  }
  instance.remove("fail");
};

/** A path goes with all below it: `R` on --remove. */
export const removeTree: Handler = (run, item, path) => removeAll(run, item, "remove", path);

/** What a line with the modifier `$` makes goes again: --purge. */
export const purgePath: Handler = (run, item, path) => removeAll(run, item, "purge", path);

/** A file or an empty directory goes once it is old: `r` with an age, on --clean. */
export const cleanPath: Handler = (run, item, path) => {
  cleanInstance(run, item, path, (instance, rule) => {
    if (rule === undefined || !instance.isOld(rule)) return;
    using base = instance.isDirectory ? openSame(instance) : undefined;
    instance.whileLocked(base, () => {
      if (base !== undefined && !isEmpty(run, base, path)) instance.keep({ code: "not-empty" });
      else removeSame(instance);
    });
  });
};

/** A path goes once it is old, and what lies in it as that gets old: `R` with an age, on --clean. */
export const cleanTree: Handler = (run, item, path) => {
  cleanInstance(run, item, path, (instance, rule) => {
    const old = rule !== undefined && instance.isOld(rule);
    using base = instance.isDirectory ? openSame(instance) : undefined;
    if (rule === undefined || (base === undefined && !old)) return;
    instance.whileLocked(base, () => {
      const inside = base && run.walker.walk(item, "clean", base, path, rule);
      if (inside !== undefined) run.outcome.walked(inside.status);
      throwIfStopped(run.stop);
      // `~` keeps a directory, and what lies immediately in it; a file has no levels.
      if (!old || (rule.keepFirstLevel && base !== undefined)) return;
      if (base !== undefined && !isEmpty(run, base, path)) instance.keep({ code: "not-empty" });
      else removeSame(instance);
    });
  });
};

/** Without a rule nothing is as old as that. */
type CleanInstance = (instance: Instance, rule: AgeRule | undefined) => void;

/** An instance of `r` or `R` with an age is reached without unsafe transitions, and looked at before it is judged. */
function cleanInstance(run: Run, item: Item, path: Bytes, clean: CleanInstance): void {
  if (item.age === undefined) return;
  requireNormalized(path);
  using dir = ifThere(() => resolve(run.root, parent(path), { follow: true, traceless: run.traceless }));
  const instance = dir && Instance.at(run, item, "clean", dir, path);
  if (instance !== undefined) clean(instance, ruleOf(run, item));
}

function openSame(instance: Instance): Fd | undefined {
  const base = openBase(instance.dir, instance.path);
  instance.requireSame();
  return base;
}

function removeSame(instance: Instance): void {
  instance.requireSame();
  instance.removeOld();
}

/** Opened anew: what was walked stands at its end, and who may not search it may not know, as in 262. */
function isEmpty(run: Run, base: Fd, path: Bytes): boolean {
  using listing = openDirectory(base, SELF);
  return isListedEmpty(run, listing, path);
}

/** Only its owner and root may look into a directory without a trace: undefined for others. */
function openUnnoticed(base: Fd): Fd | undefined {
  try {
    return openat(base, SELF, O_RDONLY | O_DIRECTORY | O_NOATIME);
  } catch (error) {
    if (failedWith(error, "EPERM")) return undefined;
    throw error;
  }
}

function isListedEmpty(run: Run, listing: Fd, path: Bytes): boolean {
  const { gone } = run.walker.hands;
  for (const { name } of entries(listing)) if (gone?.has(join(path, name)) !== true) return false;
  return true;
}

function ruleOf(run: Run, item: Item): AgeRule | undefined {
  return item.age === undefined ? undefined : ageRule(item.age, run.clock.now());
}

/** Without a rule the directory is only opened: who may not has failed, be there anything to age or not. */
function walkContents(
  run: Run,
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

/** A symlink is not followed, be it to a directory: that is worth a word, since the line looks as if it did something. */
function skipSymlink(run: Run, item: Item, dir: Fd, path: Bytes): void {
  try {
    const { mode } = statx(dir, (basename(path) || SELF) as Bytes);
    if ((mode & S_IFMT) === S_IFLNK)
      skip(run, item, path, "is a symlink, and the line does not reach through it");
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}

function removeAll(run: Run, item: Item, operation: Operation, path: Bytes): void {
  // A file where a directory should be is no way to a path that is not there: that fails, as it does in 262,
  // which in a dry run does not find out.
  using dir = openParent(run, path, run.walker.hands.acts ? ["ENOENT"] : undefined);
  const instance = dir && Instance.at(run, item, operation, dir, path);
  if (instance === undefined) return;
  using base = instance.isDirectory ? openBase(instance.dir, path) : undefined;
  if (base === undefined) {
    instance.remove();
    return;
  }
  const { status, stays } = run.walker.walk(item, operation, base, path, ANY_AGE);
  run.outcome.walked(status);
  throwIfStopped(run.stop);
  if (status !== 0) return;
  // Tried although something stays in it: where it could not go in any case, that is a failure to tell of.
  if (stays > 0 && !run.walker.hands.acts) instance.keep({ code: "not-empty" });
  else instance.remove();
}
