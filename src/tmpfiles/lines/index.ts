/** The table of line types. */
import type { LineType } from "../model/item.js";
import { parseAcl, setFileAcl, setTreeAcl } from "./acl.js";
import { adjust, adjustTree } from "./adjust.js";
import { resolveCopySource, resolveLinkTarget, resolveText } from "./arguments.js";
import { parseAttributes, setFileAttributes, setTreeFileAttributes } from "./attributes.js";
import { parseCapabilities, setFileCapabilities, setTreeCapabilities } from "./capabilities.js";
import { copy } from "./copy.js";
import { adjustDirectory, createDirectory } from "./directories.js";
import { createEmptiedFile, createFile, writeFile } from "./files.js";
import { createBlockDevice, createCharacterDevice, createFifo, createSymlink, parseDevice } from "./nodes.js";
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
import {
  parseAssignments,
  resolveAssignments,
  setExtendedAttributes,
  setTreeExtendedAttributes,
} from "./xattr.js";

// What several rows share.
const writesContent = {
  argument: "optional",
  resolveArgument: resolveText,
  ages: false,
  purge: purgePath,
} as const;
const directory = {
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
const device = {
  path: "exact",
  argument: "required",
  ownsPath: true,
  ages: false,
  modifiers: "+!-=$",
  purge: purgePath,
} as const;
const globbed = { path: "glob", argument: "none", ownsPath: true } as const;
const cleaned = { ...globbed, modifiers: "!", permissions: "none" } as const;
const adjusts = { path: "glob", ownsPath: false, ages: false, modifiers: "!-" } as const;
const adjustsMode = { ...adjusts, argument: "none" } as const;
const adjustsBy = { ...adjusts, argument: "required", permissions: "none" } as const;
const replacesOrAdds = { ...adjustsBy, modifiers: "+!-" } as const;

/**
 * All line types of tmpfiles.d(5), by their letters, which stand nowhere else: the parser's checks, the dispatch, the
 * help and the completions read this table.
 */
export const LINE_TYPES: Readonly<Record<string, LineType>> = {
  f: {
    ...writesContent,
    title: "Create a file, and write its content",
    path: "exact",
    modifiers: "+!-=~^$",
    ownsPath: true,
    create: createFile,
  },
  F: {
    ...writesContent,
    title: "Create or truncate a file (old name of f+)",
    path: "exact",
    modifiers: "!-=~^$",
    ownsPath: true,
    create: createEmptiedFile,
  },
  w: {
    ...writesContent,
    title: "Write to an existing file",
    path: "glob",
    argument: "required",
    modifiers: "+!-~^$",
    ownsPath: true,
    create: writeFile,
  },
  d: { ...directory, title: "Create a directory, and clean its contents by age" },
  D: {
    ...directory,
    title: "Create a directory, clean its contents by age, and empty it on removal",
    remove: removeContents,
  },
  e: {
    ...globbed,
    title: "Adjust an existing directory, and clean its contents by age",
    ages: "contents",
    modifiers: "!-$",
    create: adjustDirectory,
    clean: cleanContents,
    purge: purgePath,
  },
  v: { ...directory, title: "Create a subvolume or directory", create: createSubvolumeOrDirectory },
  q: {
    ...directory,
    title: "Create a subvolume or directory, with the quota groups of its parent",
    create: createInQuotaGroups,
  },
  Q: {
    ...directory,
    title: "Create a subvolume or directory, with a quota group of its own",
    create: createWithQuotaGroup,
  },
  p: { ...device, title: "Create a named pipe", argument: "none", create: createFifo },
  L: {
    title: "Create a symlink",
    path: "exact",
    argument: "optional",
    modifiers: "+!-=$?",
    ownsPath: true,
    ages: false,
    permissions: "owner",
    resolveArgument: resolveLinkTarget,
    create: createSymlink,
    purge: purgePath,
  },
  c: {
    ...device,
    title: "Create a character device node",
    parseArgument: parseDevice,
    create: createCharacterDevice,
  },
  b: {
    ...device,
    title: "Create a block device node",
    parseArgument: parseDevice,
    create: createBlockDevice,
  },
  C: {
    title: "Copy a file or a tree",
    path: "exact",
    argument: "optional",
    modifiers: "+!-=$",
    ownsPath: true,
    ages: "contents",
    resolveArgument: resolveCopySource,
    clean: cleanContents,
    purge: purgePath,
    create: copy,
  },
  x: {
    ...cleaned,
    title: "Keep a path and all below it from cleaning",
    ages: "contents",
    clean: cleanContents,
  },
  X: {
    ...cleaned,
    title: "Keep a path, but not what lies in it, from cleaning",
    ages: "contents",
    ageInheritance: "inherits",
    clean: cleanContents,
  },
  r: {
    ...cleaned,
    title: "Remove a file or an empty directory",
    ages: "itself",
    remove: removePath,
    clean: cleanPath,
  },
  R: {
    ...cleaned,
    title: "Remove a path and all below it",
    ages: "contents",
    remove: removePathTree,
    clean: cleanTree,
  },
  z: { ...adjustsMode, title: "Adjust mode, owner and label", create: adjust },
  Z: {
    ...adjustsMode,
    title: "Adjust mode, owner and label, recursively",
    recursive: true,
    create: adjustTree,
  },
  m: { ...adjustsMode, title: "Adjust mode, owner and label (old name of z)", create: adjust },
  t: {
    ...adjustsBy,
    title: "Set extended attributes",
    parseArgument: parseAssignments,
    resolveArgument: resolveAssignments,
    create: setExtendedAttributes,
  },
  T: {
    ...adjustsBy,
    title: "Set extended attributes, recursively",
    recursive: true,
    parseArgument: parseAssignments,
    resolveArgument: resolveAssignments,
    create: setTreeExtendedAttributes,
  },
  h: {
    ...adjustsBy,
    title: "Set file attributes",
    parseArgument: parseAttributes,
    create: setFileAttributes,
  },
  H: {
    ...adjustsBy,
    title: "Set file attributes, recursively",
    recursive: true,
    parseArgument: parseAttributes,
    create: setTreeFileAttributes,
  },
  a: { ...replacesOrAdds, title: "Set POSIX ACLs", parseArgument: parseAcl, create: setFileAcl },
  A: {
    ...replacesOrAdds,
    title: "Set POSIX ACLs, recursively",
    recursive: true,
    parseArgument: parseAcl,
    create: setTreeAcl,
  },
  k: {
    ...replacesOrAdds,
    title: "Set file capabilities",
    parseArgument: parseCapabilities,
    create: setFileCapabilities,
  },
  K: {
    ...replacesOrAdds,
    title: "Set file capabilities, recursively",
    recursive: true,
    parseArgument: parseCapabilities,
    create: setTreeCapabilities,
  },
};

const rows = new Map(Object.entries(LINE_TYPES));

/** The row of a letter. */
export function lineType(letter: string): LineType | undefined {
  return rows.get(letter);
}
