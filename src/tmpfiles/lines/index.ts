/** The table of line types. */
import { defineLineType, type LineType } from "../model/item.js";
import { applyAcl, parseAcl } from "./acl.js";
import { adjust } from "./adjust.js";
import { resolveCopySource, resolveLinkTarget, resolveText } from "./arguments.js";
import { applyAttributes, parseAttributes } from "./attributes.js";
import { applyCapabilities, parseCapabilities } from "./capabilities.js";
import { copy } from "./copy.js";
import { adjustDirectory, createDirectory } from "./directories.js";
import { createEmptiedFile, createFile, writeFile } from "./files.js";
import { createBlockDevice, createCharacterDevice, createFifo, createSymlink, parseDevice } from "./nodes.js";
import { onPath, onTree } from "./over-tree.js";
import {
  cleanContents,
  cleanPath,
  cleanTree,
  purgePath,
  removeContents,
  removePath,
  removePathTree,
} from "./removal.js";
import { createInQuotaGroups, createSubvolumeOrDirectory, createWithQuotaGroup } from "./subvolumes.js";
import { applyXattrs, parseAssignments, resolveAssignments } from "./xattr.js";

// What several rows share.
const writesContent = {
  kind: "file",
  argument: "optional",
  resolveArgument: resolveText,
  ages: false,
  purge: purgePath,
} as const;
const directory = {
  kind: "directory",
  path: "exact",
  argument: "none",
  ownsPath: true,
  ages: "contents",
  ageInheritance: "source",
  defaultMode: 0o755,
  modifiers: "!-=$",
  create: createDirectory,
  clean: cleanContents,
  purge: purgePath,
} as const;
const node = {
  path: "exact",
  ownsPath: true,
  ages: false,
  modifiers: "+!-=$",
  purge: purgePath,
} as const;
const device = {
  ...node,
  kind: "device",
  argument: "required",
  in262: { arguments: "device node creation", action: "Device file" },
  parseArgument: parseDevice,
} as const;
const subvolume = { ...directory, kind: "subvolume" } as const;
const globbed = { path: "glob", argument: "none", ownsPath: true } as const;
const cleaned = { ...globbed, modifiers: "!", permissions: "none" } as const;
const exclusion = { ...cleaned, kind: "exclusion", ages: "contents", clean: cleanContents } as const;
const removal = { ...cleaned, kind: "removal" } as const;
const adjusts = { kind: "adjustment", path: "glob", ownsPath: false, ages: false, modifiers: "!-" } as const;
const adjustsMode = { ...adjusts, argument: "none" } as const;
const adjustsBy = { ...adjusts, argument: "required", permissions: "none" } as const;
const replacesOrAdds = { ...adjustsBy, modifiers: "+!-" } as const;
const xattrs = {
  ...adjustsBy,
  in262: { arguments: "extended attributes", action: "Set extended attribute" },
  parseArgument: parseAssignments,
  resolveArgument: resolveAssignments,
} as const;
const attributes = {
  ...adjustsBy,
  in262: { arguments: "file attributes", action: "Set file attribute" },
  parseArgument: parseAttributes,
} as const;
const acls = {
  ...replacesOrAdds,
  in262: { arguments: "ACLs", action: "Set ACLs" },
  parseArgument: parseAcl,
} as const;
const capabilities = {
  ...replacesOrAdds,
  since: 261,
  in262: { arguments: "capabilities", action: "Set capabilities" },
  parseArgument: parseCapabilities,
} as const;

/**
 * All line types of tmpfiles.d(5), by their letters, which stand nowhere else: the parser's checks, the dispatch, the
 * help and the completions read this table.
 */
export const LINE_TYPES: Readonly<Record<string, LineType>> = {
  f: defineLineType({
    ...writesContent,
    title: "Create a file, and write its content",
    path: "exact",
    modifiers: "+!-=~^$",
    ownsPath: true,
    truncates: "forced",
    create: createFile,
  }),
  F: defineLineType({
    ...writesContent,
    title: "Create or truncate a file (old name of f+)",
    path: "exact",
    modifiers: "!-=~^$",
    ownsPath: true,
    truncates: "always",
    create: createEmptiedFile,
  }),
  w: defineLineType({
    ...writesContent,
    title: "Write to an existing file",
    in262: { action: "Write file" },
    path: "glob",
    argument: "required",
    modifiers: "+!-~^$",
    ownsPath: true,
    create: writeFile,
  }),
  d: defineLineType({ ...directory, title: "Create a directory, and clean its contents by age" }),
  D: defineLineType({
    ...directory,
    title: "Create a directory, clean its contents by age, and empty it on removal",
    remove: removeContents,
  }),
  e: defineLineType({
    ...globbed,
    kind: "directory",
    title: "Adjust an existing directory, and clean its contents by age",
    ages: "contents",
    modifiers: "!-$",
    create: adjustDirectory,
    clean: cleanContents,
    purge: purgePath,
  }),
  v: defineLineType({
    ...subvolume,
    title: "Create a subvolume or directory",
    create: createSubvolumeOrDirectory,
  }),
  q: defineLineType({
    ...subvolume,
    title: "Create a subvolume or directory, with the quota groups of its parent",
    create: createInQuotaGroups,
  }),
  Q: defineLineType({
    ...subvolume,
    title: "Create a subvolume or directory, with a quota group of its own",
    create: createWithQuotaGroup,
  }),
  p: defineLineType({
    ...node,
    kind: "fifo",
    title: "Create a named pipe",
    argument: "none",
    create: createFifo,
  }),
  L: defineLineType({
    kind: "symlink",
    title: "Create a symlink",
    in262: { arguments: "symlink targets" },
    path: "exact",
    argument: "optional",
    modifiers: "+!-=$?",
    ownsPath: true,
    ages: false,
    permissions: "owner",
    resolveArgument: resolveLinkTarget,
    create: createSymlink,
    purge: purgePath,
  }),
  c: defineLineType({
    ...device,
    title: "Create a character device node",
    create: createCharacterDevice,
  }),
  b: defineLineType({
    ...device,
    title: "Create a block device node",
    create: createBlockDevice,
  }),
  C: defineLineType({
    kind: "copy",
    title: "Copy a file or a tree",
    in262: { arguments: "copy sources" },
    path: "exact",
    argument: "optional",
    modifiers: "+!-=$",
    ownsPath: true,
    ages: "contents",
    resolveArgument: resolveCopySource,
    clean: cleanContents,
    purge: purgePath,
    create: copy,
  }),
  x: defineLineType({ ...exclusion, title: "Exclude a path and everything below it from cleaning" }),
  X: defineLineType({
    ...exclusion,
    title: "Exclude a path, but not its contents, from cleaning",
    ageInheritance: "inherits",
  }),
  r: defineLineType({
    ...removal,
    title: "Remove a file or an empty directory",
    ages: "itself",
    remove: removePath,
    clean: cleanPath,
  }),
  R: defineLineType({
    ...removal,
    title: "Remove a path and everything below it",
    ages: "contents",
    remove: removePathTree,
    clean: cleanTree,
  }),
  z: defineLineType({ ...adjustsMode, title: "Adjust mode, owner and label", create: onPath(adjust) }),
  Z: defineLineType({
    ...adjustsMode,
    title: "Adjust mode, owner and label, recursively",
    recursive: true,
    create: onTree(adjust),
  }),
  m: defineLineType({
    ...adjustsMode,
    title: "Adjust mode, owner and label (old name of z)",
    create: onPath(adjust),
  }),
  t: defineLineType({
    ...xattrs,
    title: "Set extended attributes",
    create: onPath(applyXattrs),
  }),
  T: defineLineType({
    ...xattrs,
    title: "Set extended attributes, recursively",
    recursive: true,
    create: onTree(applyXattrs),
  }),
  h: defineLineType({
    ...attributes,
    title: "Set file attributes",
    create: onPath(applyAttributes),
  }),
  H: defineLineType({
    ...attributes,
    title: "Set file attributes, recursively",
    recursive: true,
    create: onTree(applyAttributes),
  }),
  a: defineLineType({ ...acls, title: "Set POSIX ACLs", create: onPath(applyAcl) }),
  A: defineLineType({
    ...acls,
    title: "Set POSIX ACLs, recursively",
    recursive: true,
    create: onTree(applyAcl),
  }),
  k: defineLineType({
    ...capabilities,
    title: "Set file capabilities",
    create: onPath(applyCapabilities),
  }),
  K: defineLineType({
    ...capabilities,
    title: "Set file capabilities, recursively",
    recursive: true,
    create: onTree(applyCapabilities),
  }),
};

const rows = new Map(Object.entries(LINE_TYPES));

/** The row of a letter. */
export function lineType(letter: string): LineType | undefined {
  return rows.get(letter);
}
