/** Leaves out of a report the names that a user cannot see: the sums stay, the kernel decides about the names. */
import { closeSync, constants, lstatSync, openSync } from "node:fs";
import { type Bytes, dirname, isAbsolute, join, toBuffer } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import { groupIdsOf } from "../sys/accounts.js";
import { asUser, type UserIdentity } from "../sys/as-user.js";
import { Fd, O_NOFOLLOW, O_PATH, openat } from "../sys/files.js";
import { statx } from "../sys/inode.js";
import { getXattr } from "../sys/xattr.js";
import type { ReportData } from "./data.js";
import type { Node } from "./node.js";

const NOBODY = 65534;

/** What the user database says of a user; of an unknown one, only the ID counts. */
export function identityOf(uid: number): UserIdentity {
  const groups = groupIdsOf(uid);
  return groups === undefined ? { uid, gid: NOBODY, groups: [] } : { uid, gid: groups[0] ?? NOBODY, groups };
}

/**
 * The report with the names that this user would get from stat(2) in directories that they may list. Root sees everything.
 *
 * @throws Error without root
 */
export function visibleTo(user: UserIdentity, report: ReportData): ReportData {
  return user.uid === 0 ? report : asUser(user, () => onlyNamed(report, new OwnAccess()));
}

/** The report with the names that everybody on this host may see. */
export function visibleToAll(report: ReportData): ReportData {
  return onlyNamed(report, new WorldAccess());
}

/** What may be seen of names. */
abstract class NameAccess {
  /** Directories that can be listed, as can all above them. */
  readonly #listable = new Map<Bytes, boolean>();

  abstract reads(file: Bytes): boolean;
  protected abstract lists(directory: Bytes): boolean;

  sees(path: Bytes): boolean {
    return (path === "/" || this.#listsWithAllAbove(dirname(path))) && isThere(path);
  }

  #listsWithAllAbove(directory: Bytes): boolean {
    let listable = this.#listable.get(directory);
    if (listable === undefined) {
      const above = directory === "/" || this.#listsWithAllAbove(dirname(directory));
      listable = above && this.lists(directory);
      this.#listable.set(directory, listable);
    }
    return listable;
  }
}

/** By the permissions of the current thread. */
class OwnAccess extends NameAccess {
  reads(file: Bytes): boolean {
    return opens(file, constants.O_NONBLOCK);
  }

  protected lists(directory: Bytes): boolean {
    return opens(directory, constants.O_DIRECTORY | constants.O_NOFOLLOW);
  }
}

/** By the mode: what every user of the host may see. An access control list may refuse somebody, so nothing below one counts. */
class WorldAccess extends NameAccess {
  reads(file: Bytes): boolean {
    return this.sees(file) && grantsAll(file, WORLD_READS);
  }

  protected lists(directory: Bytes): boolean {
    return grantsAll(directory, WORLD_LISTS);
  }
}

const WORLD_READS = 0o4;
const WORLD_LISTS = 0o5;
const ACCESS_CONTROL_LIST = "system.posix_acl_access" as Bytes;

function grantsAll(path: Bytes, mode: number): boolean {
  try {
    using fd = openat(Fd.cwd, path, O_PATH | O_NOFOLLOW);
    return (statx(fd).mode & mode) === mode && getXattr(fd, ACCESS_CONTROL_LIST) === undefined;
  } catch {
    return false;
  }
}

function isThere(path: Bytes): boolean {
  try {
    lstatSync(toBuffer(path));
    return true;
  } catch {
    return false;
  }
}

function opens(path: Bytes, flags: number): boolean {
  try {
    closeSync(openSync(toBuffer(path), constants.O_RDONLY | flags));
    return true;
  } catch {
    return false;
  }
}

const HIDDEN = "(not readable)" as Bytes;

function onlyNamed(report: ReportData, access: NameAccess): ReportData {
  const readable = new Map<Bytes, boolean>();
  const isReadable = (file: Bytes): boolean => {
    // Lines of the command line are in no file: everybody sees them in ps(1).
    const known = readable.get(file) ?? (!isAbsolute(file) || access.reads(file));
    readable.set(file, known);
    return known;
  };
  const sources = new Map<Source, Source>();
  const source = (line: Source | undefined): Source | undefined => {
    if (line === undefined || isReadable(line.file)) return line;
    const hidden = sources.get(line) ?? { file: HIDDEN, line: line.line, text: "" as Bytes };
    sources.set(line, hidden);
    return hidden;
  };
  const node = (each: Node, path: Bytes): Node[] => {
    if (!access.sees(path)) return [];
    // A directory that is kept for something in it names that.
    const detail = each.code === "unit-kept" ? undefined : each.detail;
    const children = each.children.flatMap((child) => node(child, join(path, child.name)));
    return [{ ...each, detail, line: source(each.line), children }];
  };
  return {
    ...report,
    runs: report.runs.map((run) => ({
      ...run,
      lines: run.lines.map((each) => ({ ...each, line: source(each.line) })),
    })),
    lines: report.lines.map((each) => ({ ...each, line: source(each.line) })),
    kept: report.kept.map(({ largest, ...each }) => ({
      ...each,
      line: source(each.line),
      largest: largest !== undefined && access.sees(largest) ? largest : undefined,
    })),
    largest: report.largest.flatMap(({ directory, node: file }) =>
      node(file, join(directory, file.name)).map((visible) => ({ directory, node: visible })),
    ),
    roots: report.roots.flatMap((root) => node(root, root.name)),
  };
}
