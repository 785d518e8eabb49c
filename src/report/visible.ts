/** Leaves out of a report the names that a user cannot see: the sums stay, the kernel decides about the names. */
import { closeSync, constants, lstatSync, openSync } from "node:fs";
import { type Bytes, dirname, join, toBuffer } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import { groupIdsOf } from "../sys/accounts.js";
import { asUser, type UserIdentity } from "../sys/as-user.js";
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
  return user.uid === 0 ? report : asUser(user, () => onlyNamed(report, new Access()));
}

/** What may be seen, by the permissions of the current thread. */
interface NameAccess {
  /** Whether the path has a name that can be seen. */
  sees(path: Bytes): boolean;
  reads(file: Bytes): boolean;
}

class Access implements NameAccess {
  /** Directories that can be listed, as can all above them. */
  readonly #listable = new Map<Bytes, boolean>();

  sees(path: Bytes): boolean {
    if (path !== "/" && !this.#lists(dirname(path))) return false;
    try {
      lstatSync(toBuffer(path));
      return true;
    } catch {
      return false;
    }
  }

  reads(file: Bytes): boolean {
    return opens(file, constants.O_NONBLOCK);
  }

  #lists(directory: Bytes): boolean {
    let listable = this.#listable.get(directory);
    if (listable === undefined) {
      const isAboveListable = directory === "/" || this.#lists(dirname(directory));
      listable = isAboveListable && opens(directory, constants.O_DIRECTORY | constants.O_NOFOLLOW);
      this.#listable.set(directory, listable);
    }
    return listable;
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
    const known = readable.get(file) ?? access.reads(file);
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
