/** p, c, b and L lines: FIFOs, device nodes and symlinks. */
import { type Bytes, dirname, EMPTY, isAbsolute, join } from "../../base/bytes.js";
import { parseCNumber } from "../../base/c-number.js";
import { failedWith, SyscallError, UnsafePathError } from "../../base/errors.js";
import type { InodeKind } from "../../base/events.js";
import { resolve } from "../../path/resolve.js";
import { hasCapability } from "../../sys/capabilities.js";
import type { Fd } from "../../sys/files.js";
import { mknodat, readlinkat, symlinkat } from "../../sys/files.js";
import { makeDevice, S_IFBLK, S_IFCHR, S_IFIFO, S_IFLNK, statx } from "../../sys/inode.js";
import type { CreateFunction, CreateResult, EntryLocation } from "../effects/effects.js";
import { ItemError } from "../effects/item-error.js";
import { hasKind } from "../effects/kind.js";
import { skip } from "../model/attempt.js";
import type { Item } from "../model/item.js";
import { ArgumentError, type Handler } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { invalidDevice } from "../syntax/wording.js";
import { setPermissions } from "./adjust.js";
import { modeOf } from "./mode.js";

/** A kind of inode that a line creates, and whether an existing one satisfies it. */
interface Node {
  readonly kind: InodeKind;
  /** S_IFMT bits. */
  readonly type: number;
  readonly target?: Bytes;
  readonly make: CreateFunction;
  readonly suits?: (fd: Fd) => boolean;
}

/** `p`: creates a FIFO; `p+` replaces an existing inode. */
export const createFifo: Handler = (run, item, path) => {
  createNode(run, item, path, { kind: "fifo", type: S_IFIFO, make: nodeMaker(item, S_IFIFO, 0n) });
};

/** `c`: creates a character device; `c+` replaces an existing inode. */
export const createCharacterDevice: Handler<bigint> = (run, item, path) => {
  createDevice(run, item, path, "character-device", S_IFCHR);
};

/** `b`: creates a block device; `b+` replaces an existing inode. */
export const createBlockDevice: Handler<bigint> = (run, item, path) => {
  createDevice(run, item, path, "block-device", S_IFBLK);
};

/** Skipped in containers without the privilege to create devices: the container manager provides them. */
function createDevice(run: RunContext, item: Item<bigint>, path: Bytes, kind: InodeKind, type: number): void {
  if (!hasCapability("cap_mknod")) {
    skip(run, item, path, "not privileged to create device nodes");
    return;
  }
  try {
    createNode(run, item, path, { kind, type, make: nodeMaker(item, type, item.argument) });
  } catch (error) {
    // Also if it cannot replace the existing inode, which may be immutable.
    const isRefused =
      failedWith(error, "EPERM", "EACCES") && ["mknodat", "renameat2"].includes(error.syscall);
    if (!isRefused) throw error;
    skip(run, item, path, "not privileged to create device nodes here");
  }
}

function nodeMaker(item: Item, type: number, device: bigint): CreateFunction {
  return (dir, name) => {
    mknodat(dir, name, type | modeOf(item), device);
    return undefined;
  };
}

/** `L`: creates a symlink; `L+` replaces an existing inode; `L?` only if the target exists. */
export const createSymlink: Handler<Bytes> = (run, item, path) => {
  const target = item.argument;
  createNode(run, item, path, {
    kind: "symlink",
    type: S_IFLNK,
    target,
    make: (dir, name) => {
      symlinkat(target, dir, name);
      return undefined;
    },
    suits: (fd) => readlinkat(fd, EMPTY) === target,
  });
};

function createNode(run: RunContext, item: Item, path: Bytes, node: Node): void {
  const leadsNowhere = (): boolean =>
    item.modifiers.ifSourceExists && !targetExists(run.root, path, node.target ?? EMPTY);
  using location = openPlace(run, item, path, leadsNowhere);
  if (location !== undefined && item.modifiers.replaceWrongType) {
    run.effects.removeWrongType(item, location, node.type);
  }
  if (location === undefined || leadsNowhere()) {
    skip(run, item, path, "the source does not exist");
    return;
  }
  const made = makeOrReplace(run, item, location, node);
  if (made === undefined) return;
  using fd = made.fd;
  if (!hasKind(statx(fd), node.kind)) {
    throw new ItemError("WRONG_TYPE", path, `was replaced while it was created: not a ${node.kind} any more`);
  }
  setPermissions(run, item, fd, path, made.existing);
}

/** Undefined if the parent cannot exist and the target does not either. */
function openPlace(
  run: RunContext,
  item: Item,
  path: Bytes,
  leadsNowhere: () => boolean,
): (EntryLocation & Disposable) | undefined {
  try {
    return run.effects.openParent(item, path, "make");
  } catch (error) {
    // `=` looks at what is on the way before it asks for the source, and a relative source lies on that way, too.
    const { argument, modifiers } = item;
    const isElsewhere = typeof argument === "string" && isAbsolute(argument as Bytes);
    const isRefusal = error instanceof UnsafePathError && isElsewhere && !modifiers.replaceWrongType;
    if ((isRefusal || error instanceof SyscallError) && leadsNowhere()) return undefined;
    throw error;
  }
}

/** Returns the final inode; undefined if there is none to adjust. */
function makeOrReplace(
  run: RunContext,
  item: Item,
  location: EntryLocation,
  node: Node,
): CreateResult | undefined {
  const adjust = (fd: Fd): void => setPermissions(run, item, fd, location.path, false);
  const made = run.effects.make(item, location, { ...node, adjust });
  if (made?.existing !== true) return made;
  if (hasKind(statx(made.fd), node.kind) && node.suits?.(made.fd) !== false) {
    run.effects.found(item, location, node.kind, node.target);
    return made;
  }
  made.fd.close();
  if (item.modifiers.force) return run.effects.replace(item, location, node);
  const severity = node.kind === "symlink" ? "debug" : "warning";
  skip(run, item, location.path, `exists and is not the ${node.kind} that the line describes`, severity);
  return undefined;
}

/** Whether the target of a symlink at `path` exists, even as another symlink. Absolute targets are below the root. */
function targetExists(root: Bytes, path: Bytes, target: Bytes): boolean {
  try {
    const pointedAt = join(isAbsolute(target) ? root : dirname(path), target);
    resolve(root, pointedAt, { follow: false }).close();
    return true;
  } catch (error) {
    if (failedWith(error, "ENOENT")) return false;
    throw error;
  }
}

/** Parses `major:minor`; both may be octal or hexadecimal as in C. */
export function parseDevice(argument: Bytes): bigint {
  const invalid = (why: string, at = 0): ArgumentError => new ArgumentError(invalidDevice(argument, why), at);
  const colon = argument.indexOf(":");
  if (colon < 0) throw invalid("expected MAJOR:MINOR");
  const [first, second] = [argument.slice(0, colon), argument.slice(colon + 1)];
  const major = /^[ \t\n\r]*\d+$/.test(first) ? parseCNumber(first) : undefined;
  const minor = parseCNumber(second);
  if (major === undefined) throw invalid("the major number is not a number");
  if (minor === undefined) throw invalid("the minor number is not a number", colon + 1);
  if (major >= 2 ** 12) throw invalid("the major number is greater than 4095");
  if (minor >= 2 ** 20) throw invalid("the minor number is greater than 1048575", colon + 1);
  return makeDevice(major, minor);
}
