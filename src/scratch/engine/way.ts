/** Opens the way from the root to a unit's directory: component by component, asking the guards about each. */
import { type Bytes, basename, components, join, SELF } from "../../base/bytes.js";
import { address, cstring, type FdNumber, SUCCESS } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import { closeNumber, openForListing, StatxBuffer, statxInto, statxOf } from "../../sys/scan.js";
import { type AgeRule, isTooNew } from "../../tmpfiles/ageing/age-rule.js";
import { DirectoryFrame } from "../../tmpfiles/ageing/directory-frame.js";
import type { Environment } from "../../tmpfiles/ageing/entry-context.js";
import { DEEPEST, DIRECTORY_PRE_VISIT, firstGuard } from "../../tmpfiles/ageing/guards.js";
import type { LineIndex } from "../../tmpfiles/ageing/line-index.js";
import type { WalkEffects } from "../../tmpfiles/ageing/walk-effects.js";
import { relative, type WorkUnit } from "../unit.js";
import type { KnownTimes } from "./known-times.js";
import { type OpenDirectory, restoreLevel, timesOf } from "./level.js";

/** What all units of a run have in common. */
export interface EngineParts {
  readonly root: Bytes;
  readonly rootFd: FdNumber;
  readonly lines: LineIndex;
  readonly rules: ReadonlyMap<number, AgeRule>;
  readonly effects: WalkEffects;
  readonly environment: Environment;
}

/** The directories that are open, the line's own first. Closing it restores their times. */
export class Way implements Disposable {
  readonly levels: OpenDirectory[] = [];
  readonly #parts: EngineParts;
  readonly #times: KnownTimes;
  readonly #divides: boolean;
  readonly #unused: DirectoryFrame[] = [];

  /** `divides`: every directory may have been divided, by an earlier attempt. */
  constructor(parts: EngineParts, times: KnownTimes, divides: boolean) {
    this.#parts = parts;
    this.#divides = divides;
    this.#times = times;
  }

  get last(): OpenDirectory | undefined {
    return this.levels.at(-1);
  }

  /** False if the unit's directory is another one now, or is kept. */
  open(unit: WorkUnit): boolean {
    const rule = this.#parts.rules.get(unit.line);
    const names = components(unit.path);
    const fd = rule && this.#openBase(names.slice(0, unit.base));
    if (fd === undefined || rule === undefined) return false;
    const stat = new StatxBuffer();
    if (statxOf(fd, stat) !== SUCCESS) return false;
    const path = names.slice(0, unit.base).join("/") as Bytes;
    this.#times.apply(path, stat);
    this.#push(fd, path, stat, 0, rule);
    for (const name of names.slice(unit.base)) if (!this.enter(name)) return false;
    const { last } = this;
    return last !== undefined && (unit.inode === 0 || last.inode === unit.inode);
  }

  /** Never leaves the root's file system, and follows no symlink. */
  #openBase(names: readonly Bytes[]): FdNumber | undefined {
    let fd = openForListing(this.#parts.rootFd, address(cstring(SELF)));
    const stat = new StatxBuffer();
    for (const name of names) {
      if (fd === undefined) return undefined;
      const cname = cstring(name);
      const isThere = statxInto(fd, address(cname), stat) === SUCCESS;
      const next = isThere && !stat.isMountRoot ? openForListing(fd, address(cname)) : undefined;
      closeNumber(fd);
      fd = next;
    }
    return fd;
  }

  #push(fd: FdNumber, path: Bytes, stat: StatxBuffer, depth: number, rule: AgeRule): void {
    const absolute = path === "" ? this.#parts.root : join(this.#parts.root, path);
    const { last } = this;
    const name = basename(path);
    const lines = last?.frame.lines.enter(name);
    const start = {
      fd,
      path: absolute,
      depth,
      atMountTop: depth === 0 && stat.isMountRoot,
      lines: lines ?? this.#parts.lines.below(absolute),
      rule,
    };
    const frame = this.frame(start);
    const changed = this.#times.isDisturbed(path);
    const keepsFirst = last !== undefined && last.frame.depth === 0 && rule.keepFirstLevel;
    this.levels.push({
      frame,
      path,
      name,
      inode: stat.inode,
      times: timesOf(stat),
      isOld: last !== undefined && !keepsFirst && !isTooNew({ stat, within: { rule } }),
      pending: [],
      finished: [],
      unfinished: [],
      isDivided: this.#divides,
      changed,
    });
  }

  /** A frame for a directory, with buffers that are used again. */
  frame(start: ConstructorParameters<typeof DirectoryFrame>[0]): DirectoryFrame {
    const frame = this.#unused.pop();
    if (frame === undefined) return new DirectoryFrame(start, this.#parts.effects, () => undefined);
    frame.enter(start);
    return frame;
  }

  giveBack(frame: DirectoryFrame): void {
    this.#unused.push(frame);
  }

  /**
   * Enters a subdirectory of the last, unless it is gone or a guard keeps what is below it. One that is too deep is not
   * entered, but decided.
   */
  enter(name: Bytes): boolean {
    const above = this.last as OpenDirectory;
    const { frame } = above;
    const { entry } = frame;
    entry.moveToNamed(name);
    entry.readStat();
    if (entry.statError !== SUCCESS || entry.stat.type !== S_IFDIR) return false;
    const path = relative(above.path, name);
    this.#times.apply(path, entry.stat);
    entry.beginDirectory();
    if (frame.depth >= DEEPEST) above.finished.push(name);
    const isKept =
      frame.depth >= DEEPEST || firstGuard(DIRECTORY_PRE_VISIT, entry, this.#parts.environment) !== undefined;
    if (isKept || entry.fd === undefined) {
      entry.close();
      return false;
    }
    this.#push(entry.fd, path, entry.stat, frame.depth + 1, frame.rule);
    return true;
  }

  /** Leaves the last directory. */
  leave(): void {
    const level = this.levels.pop();
    if (level === undefined) return;
    restoreLevel(level);
    const above = this.last;
    if (above === undefined) closeNumber(level.frame.fd);
    else this.#leaveInto(above, level);
    this.#unused.push(level.frame);
  }

  #leaveInto(above: OpenDirectory, { name, isOld, isDivided }: OpenDirectory): void {
    above.frame.entry.close();
    above.isDivided ||= isDivided;
    if (isOld) (isDivided ? above.unfinished : above.finished).push(name);
  }

  [Symbol.dispose](): void {
    while (this.levels.length > 0) this.leave();
  }
}
