/** a and A lines: POSIX ACLs. */
import { type Bytes, toText } from "../../base/bytes.js";
import { failedWith, NOT_SUPPORTED } from "../../base/errors.js";
import {
  type AclEntry,
  type AclKind,
  aclText,
  getAcl,
  hasAcls,
  LIBACL,
  parseAclText,
  setAcl,
} from "../../sys/acl.js";
import type { Fd } from "../../sys/files.js";
import { isDirectory, isSymlink, type Stat, statx } from "../../sys/inode.js";
import { ItemError } from "../effects/item-error.js";
import { skip } from "../model/attempt.js";
import type { Item, Warn } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { ignoredAcl } from "../syntax/wording.js";
import { refuseHardLink } from "./adjust.js";

/** The entries of a line. */
export interface AclSpec {
  readonly access: readonly AclEntry[];
  /** Entries with `X`: execute permission only for directories and files that are already executable. */
  readonly executable: readonly AclEntry[];
  /** Default ACL entries, which new inodes in a directory inherit. */
  readonly inherited: readonly AclEntry[];
}

const EXECUTE = 1;

/** `a`, `a+`, `A`, `A+`: sets the ACLs of an existing inode, or adds to them. */
export function applyAcl(
  run: RunContext,
  item: Item<AclSpec | undefined>,
  fd: Fd,
  path: Bytes,
  stat: Stat,
): void {
  refuseHardLink(fd, path, stat);
  if (isSymlink(stat)) {
    skip(run, item, path, "symlinks have no ACLs");
    return;
  }
  if (!hasAcls())
    throw new ItemError("MISSING_LIBRARY", path, `setting ACLs needs ${LIBACL}, which is not installed`);
  const spec = item.argument;
  if (spec === undefined) return;
  const adds = item.modifiers.force;
  try {
    // Unless the line only adds, the entries without `X`, if any, determine the mask.
    const plain = adds ? spec.access : withMask(spec.access);
    const access =
      spec.executable.length === 0 ? plain : withExecutable(fd, stat, { ...spec, access: plain }, adds);
    if (access.length > 0) setOne(run, item, fd, path, "access", access);
    if (spec.inherited.length > 0 && isDirectory(stat))
      setOne(run, item, fd, path, "default", spec.inherited);
  } catch (error) {
    if (!failedWith(error, ...NOT_SUPPORTED)) throw error;
    skip(run, item, path, "the file system does not support ACLs");
  }
}

function setOne(
  run: RunContext,
  item: Item,
  fd: Fd,
  path: Bytes,
  kind: AclKind,
  wanted: readonly AclEntry[],
): void {
  const merged = item.modifiers.force ? mergeEntries(getAcl(fd, kind), wanted) : wanted;
  // Read again, because setting the access ACL changed the group bits of the mode.
  const complete = withBaseEntries(withMask(merged), statx(fd).mode);
  const value = `${kind === "default" ? "default " : ""}${toText(aclText(complete))}`;
  run.effects.change(item, path, "acl", value, () => setAcl(fd, kind, complete));
}

/** All entries, with `X` resolved for this file. */
function withExecutable(fd: Fd, stat: Stat, spec: AclSpec, adds: boolean): readonly AclEntry[] {
  const canExecute = ({ permissions }: AclEntry): boolean => (permissions & EXECUTE) !== 0;
  // Named users and groups do not matter if the line replaces them.
  const counts = ({ tag, id }: AclEntry): boolean => tag !== "mask" && (adds || id === undefined);
  const isExecutable =
    isDirectory(stat) ||
    getAcl(fd, "access").some((entry) => counts(entry) && canExecute(entry)) ||
    spec.access.some(canExecute);
  const conditional = spec.executable.map((entry) =>
    isExecutable ? entry : { ...entry, permissions: entry.permissions & ~EXECUTE },
  );
  return [...spec.access, ...conditional];
}

/** Merges `wanted` into `old`; entries of `wanted` replace those with the same tag and id. */
export function mergeEntries(old: readonly AclEntry[], wanted: readonly AclEntry[]): AclEntry[] {
  const merged = [...old];
  for (const entry of wanted) {
    const at = merged.findIndex(({ tag, id }) => tag === entry.tag && id === entry.id);
    if (at < 0) merged.push(entry);
    else merged[at] = entry;
  }
  return merged;
}

/** Adds the mask that named users and groups require, acl(5), unless there is one. */
export function withMask(entries: readonly AclEntry[]): readonly AclEntry[] {
  const isNamed = ({ tag, id }: AclEntry): boolean => (tag === "user" || tag === "group") && id !== undefined;
  if (entries.some(({ tag }) => tag === "mask") || !entries.some(isNamed)) return entries;
  const grouped = entries.filter((entry) => entry.tag === "group" || isNamed(entry));
  const permissions = grouped.reduce((all, entry) => all | entry.permissions, 0);
  return [...entries, { tag: "mask", id: undefined, permissions }];
}

/** Adds missing owner, group and other entries from the mode. */
export function withBaseEntries(entries: readonly AclEntry[], mode: number): readonly AclEntry[] {
  const base: readonly AclEntry[] = [
    { tag: "user", id: undefined, permissions: (mode >> 6) & 7 },
    { tag: "group", id: undefined, permissions: (mode >> 3) & 7 },
    { tag: "other", id: undefined, permissions: mode & 7 },
  ];
  const isMissing = ({ tag }: AclEntry): boolean =>
    !entries.some((entry) => entry.tag === tag && entry.id === undefined);
  return [...entries, ...base.filter(isMissing)];
}

/** Parses the comma-separated entries of a line. Undefined, after a warning, if one is invalid; the line then has no effect. */
export function parseAcl(argument: Bytes, warn: Warn): AclSpec | undefined {
  if (!hasAcls()) return undefined;
  const access: Bytes[] = [];
  const executable: Bytes[] = [];
  const inherited: Bytes[] = [];
  for (const entry of argument.split(",").filter((part) => part !== "") as Bytes[]) {
    const parts = entry.split(":");
    const isDefault = parts.length === 4 && (parts[0] === "default" || parts[0] === "d");
    if (parts.length !== 3 && !isDefault) return refuse(entry, warn);
    const permissions = parts.pop() ?? "";
    const plain = [...(isDefault ? parts.slice(1) : parts), permissions.replaceAll("X", "x")].join(
      ":",
    ) as Bytes;
    if (isDefault) inherited.push(plain);
    else if (permissions.includes("X")) executable.push(plain);
    else access.push(plain);
  }
  return lookUp(argument, warn, access, executable, inherited);
}

function lookUp(argument: Bytes, warn: Warn, ...texts: readonly Bytes[][]): AclSpec | undefined {
  const [access, executable, inherited] = texts.map((text) =>
    text.length === 0 ? [] : parseAclText(text.join(",") as Bytes),
  );
  if (access === undefined || executable === undefined || inherited === undefined)
    return refuse(argument, warn);
  return { access, executable, inherited };
}

function refuse(text: Bytes, warn: Warn): undefined {
  warn(ignoredAcl(text));
  return undefined;
}
