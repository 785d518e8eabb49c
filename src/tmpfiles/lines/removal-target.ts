/** A path that a line itself removes. */
import { type Bytes, basename, escapeForDisplay } from "../../base/bytes.js";
import { SyscallError, UnsafePathError } from "../../base/errors.js";
import type { KeepReason, Operation } from "../../base/events.js";
import { address, cstring, type Errno, errnoName, SUCCESS } from "../../sys/ffi.js";
import type { Fd } from "../../sys/files.js";
import { S_IFDIR } from "../../sys/inode.js";
import { closeNumber, EBUSY, ENOENT, ENOTEMPTY, StatxBuffer, statxInto } from "../../sys/scan.js";
import { type AgeRule, tooNewTimestamps } from "../ageing/age-rule.js";
import { conflictError, isConflict, type LockConflict } from "../ageing/entry-lock.js";
import { kindOf } from "../effects/kind.js";
import type { Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";

/** A path that a line itself removes: the path of `r`, `R` and --purge, not the entries below it. */
export class RemovalTarget {
  readonly item: Item;
  readonly operation: Operation;
  readonly path: Bytes;
  readonly name: Bytes;
  readonly dir: Fd;
  readonly stat = new StatxBuffer();
  readonly #run: RunContext;
  /** The C string of the name, stored here so that its address remains valid. */
  readonly #cname: Buffer;

  private constructor(run: RunContext, item: Item, operation: Operation, dir: Fd, path: Bytes) {
    this.#run = run;
    this.item = item;
    this.operation = operation;
    this.dir = dir;
    this.path = path;
    this.name = (basename(path) || ".") as Bytes;
    this.#cname = cstring(this.name);
  }

  /** The inode at `path`, by its name in the open directory `dir`; undefined if there is none. */
  static at(
    run: RunContext,
    item: Item,
    operation: Operation,
    dir: Fd,
    path: Bytes,
  ): RemovalTarget | undefined {
    const target = new RemovalTarget(run, item, operation, dir, path);
    const failed = target.#look(target.stat);
    if (failed === ENOENT || run.walker.effects.gone?.has(path) === true) return undefined;
    if (failed !== SUCCESS) throw target.error(failed, "statx");
    return target;
  }

  get isDirectory(): boolean {
    return this.stat.type === S_IFDIR;
  }

  /** False if a timestamp is too new, or a process uses it and the line keeps that; it is reported. */
  isOld(rule: AgeRule): boolean {
    const [tooNew] = tooNewTimestamps({ stat: this.stat, within: { rule } });
    const used = tooNew === undefined && rule.keepOpen && this.#run.walker.openFiles.has(this.stat);
    if (tooNew !== undefined) this.keep({ code: "too-new", ...tooNew });
    if (used) this.keep({ code: "open" });
    return tooNew === undefined && !used;
  }

  /** Reports why it is kept. */
  keep(reason: KeepReason): void {
    this.#run.walker.keep(this.item, reason.code);
    if (!this.#run.reporter.wantsKept) return;
    const { source } = this.item;
    this.#run.reporter.report({ type: "kept", path: this.path, kind: kindOf(this.stat), reason, source });
  }

  /** Runs `act` while it holds the lock. If another process holds one, the path is kept. */
  whileLocked(base: Fd | undefined, rule: AgeRule, act: () => void): void {
    const { effects } = this.#run.walker;
    const lock =
      base === undefined
        ? effects.lockFile(this.dir.number, address(this.#cname), this.stat)
        : effects.lockDirectory(base.number, this.stat, rule);
    try {
      if (isConflict(lock)) this.#keepLocked(lock);
      else act();
    } finally {
      if (typeof lock === "number") closeNumber(lock);
    }
  }

  #keepLocked(conflict: LockConflict): void {
    const detail = conflictError(conflict);
    this.keep({ code: "locked", ...(detail !== undefined && { detail }) });
  }

  /** @throws UnsafePathError REPLACED_INODE if the name refers to another inode by now. */
  requireSame(): void {
    const now = new StatxBuffer();
    if (this.#look(now) === SUCCESS && now.isSameInode(this.stat)) return;
    throw new UnsafePathError("REPLACED_INODE", this.path, "was replaced while it was examined");
  }

  /** Removes it; succeeds if it is already gone. A directory that is not empty is kept, or is a failure. */
  remove(whenFull: "keep" | "fail" = "keep"): void {
    this.#unlink((failed) => {
      throw this.error(failed, "unlinkat");
    }, whenFull);
  }

  /** The same on --clean: a failure for a mount or for a non-directory is reported, but tolerated. */
  removeOld(): void {
    this.#unlink((failed) => {
      const error = this.error(failed, "unlinkat");
      if (this.isDirectory && failed !== EBUSY) throw error;
      this.#run.walker.fail(this.item, this.path, error);
    });
  }

  #unlink(onFailure: (failed: Errno) => void, whenFull: "keep" | "fail" = "keep"): void {
    const { effects } = this.#run.walker;
    const remove = this.isDirectory ? effects.removeDirectory : effects.removeFile;
    const failed = remove(this.dir.number, address(this.#cname));
    if (failed === SUCCESS) effects.gone?.add(this.path);
    if (failed === SUCCESS) this.#run.walker.removedTarget(this.item, this.operation, this.path, this.stat);
    else if (failed === ENOTEMPTY && whenFull === "keep") this.keep({ code: "not-empty" });
    else if (failed !== ENOENT) onFailure(failed);
  }

  #look(into: StatxBuffer): Errno {
    return statxInto(this.dir.number, address(this.#cname), into);
  }

  error(failed: Errno, syscall: string): SyscallError {
    const args = [`${this.dir}`, JSON.stringify(escapeForDisplay(this.name))];
    return new SyscallError(errnoName(failed), failed, syscall, args, this.path);
  }
}
