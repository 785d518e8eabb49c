/** Finds and reads configuration files, in order of precedence. */
import { existsSync, statSync } from "node:fs";
import { posix } from "node:path";
import {
  type Bytes,
  basename,
  bytes,
  dirname,
  escapeForDisplay,
  isAbsolute,
  join,
  normalize,
  toBuffer,
} from "../../base/bytes.js";
import { errnoWords } from "../../base/errno-words.js";
import type { Diagnostic } from "../../base/errors.js";
import { failedWith, SyscallError } from "../../base/errors.js";
import { entries } from "../../sys/directory.js";
import { Fd, O_DIRECTORY, O_PATH, O_RDONLY, openat, readlinkat } from "../../sys/files.js";
import { isRegular, statx } from "../../sys/inode.js";
import { currentPath } from "../../sys/processes.js";
import {
  isNullDevice,
  LIMITS,
  namesOpenFile,
  openBelow,
  openRegular,
  readAll,
  readBelow,
  readStandardInput,
  UnusableFileError,
} from "../../sys/read.js";
import { SUFFIXES } from "../model/dialect.js";
import type { ConfigText } from "../model/options.js";
import { errorAt, noteAt } from "../syntax/diagnostics.js";
import { linesOf } from "../syntax/lex.js";
import { danglingLink, fileNotFound, unreadableFile } from "../syntax/wording.js";

/** The configuration directories, highest priority first. */
export function configDirectories(user: boolean, environment: NodeJS.ProcessEnv): Bytes[] {
  return user ? userDirectories(environment) : SYSTEM_DIRECTORIES.map(bytes);
}

const SYSTEM_DIRECTORIES = [
  "/etc/tmpfiles.d",
  "/run/tmpfiles.d",
  "/usr/local/lib/tmpfiles.d",
  "/usr/lib/tmpfiles.d",
];

/**
 * By the XDG base directory specification. Only the lists may contain relative directories; they are relative to the
 * working directory.
 */
function userDirectories(environment: NodeJS.ProcessEnv): Bytes[] {
  const absolute = (path: string | undefined): string[] => (path?.startsWith("/") ? [path] : []);
  const belowHome = (path: string): string[] => absolute(environment.HOME).map((home) => `${home}/${path}`);
  const own = (variable: string, path: string): string[] => {
    const named = absolute(environment[variable]);
    return named.length > 0 ? named : belowHome(path);
  };
  const list = (variable: string, fallback: string): string[] =>
    (environment[variable] ?? fallback).split(":").filter((path) => path !== "");
  const directories = [
    ...own("XDG_CONFIG_HOME", ".config"),
    ...list("XDG_CONFIG_DIRS", "/etc"),
    ...absolute(environment.XDG_RUNTIME_DIR),
    ...own("XDG_DATA_HOME", ".local/share"),
    ...list("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
  ];
  return [...new Set(directories.map((directory) => bytes(`${posix.resolve(directory)}/user-tmpfiles.d`)))];
}

/** A file in the configuration directories; `below` is its path inside the root. */
interface ConfigFile {
  readonly name: Bytes;
  readonly below: Bytes;
  /** It is replaced by what the caller specified (--replace). */
  readonly replaced: boolean;
}

export interface ConfigList {
  readonly files: readonly ConfigFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The configuration files, sorted by name, from all directories. A file hides those of the same name in directories of
 * lower priority, and a link to /dev/null hides them without being one; an entry that is neither a file nor leads to one
 * hides nothing. `replace` is sorted like a file of that path; if its directory does not exist, it is last.
 */
export function listConfigFiles(
  root: Bytes | undefined,
  directories: readonly Bytes[],
  replace: Bytes | undefined,
  suffixes: readonly string[] = SUFFIXES,
): ConfigList {
  const files = new Map<Bytes, ConfigFile>();
  const masked = new Set<Bytes>();
  const diagnostics: Diagnostic[] = [];
  const replaceWhere = (below: Bytes): void => {
    const name = basename(below);
    if (!files.has(name)) files.set(name, { name, below, replaced: true });
  };
  const replacedIn = replace === undefined ? undefined : resolvedDirectory(root, dirname(normalize(replace)));
  for (const directory of directories) {
    const found = namesIn(root, directory, suffixes, diagnostics);
    if (found === undefined) continue;
    if (replace !== undefined && found.at === replacedIn) replaceWhere(replace);
    for (const name of found.names) {
      if (files.has(name) || masked.has(name)) continue;
      const below = join(found.at, name);
      const kind = kindOf(root, below, diagnostics);
      if (kind === "mask") masked.add(name);
      if (kind === "file") files.set(name, { name, below, replaced: false });
    }
  }
  if (replace !== undefined) replaceWhere(replace);
  const sorted = [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { files: sorted, diagnostics };
}

/** The entries of a directory, and its path inside the root: it may be a link. */
interface Found {
  readonly at: Bytes;
  readonly names: readonly Bytes[];
}

function namesIn(
  root: Bytes | undefined,
  directory: Bytes,
  suffixes: readonly string[],
  diagnostics: Diagnostic[],
): Found | undefined {
  try {
    using opened = openBelow(root, directory, O_RDONLY | O_DIRECTORY);
    const names = [...entries(opened)].map((entry) => entry.name);
    const isWanted = (name: Bytes): boolean => suffixes.some((suffix) => name.endsWith(suffix));
    const wanted = names.filter((name) => isWanted(name) && !name.startsWith("."));
    return { at: placeInside(root, opened), names: wanted };
  } catch (error) {
    if (!failedWith(error, "ENOENT")) {
      diagnostics.push(unreadable(displayPath(root, directory), error as Error));
    }
    return undefined;
  }
}

/** The resolved path of a directory; undefined if it does not exist. */
function resolvedDirectory(root: Bytes | undefined, directory: Bytes): Bytes | undefined {
  try {
    using opened = openBelow(root, directory, O_PATH | O_DIRECTORY);
    return placeInside(root, opened);
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

/** The path of the opened file, inside the root and without links. */
function placeInside(root: Bytes | undefined, opened: Fd): Bytes {
  const path = currentPath(opened);
  if (root === undefined || root === "/") return path;
  using top = openat(Fd.cwd, root, O_PATH | O_DIRECTORY);
  const above = currentPath(top);
  return (above === "/" ? path : path.slice(above.length) || "/") as Bytes;
}

function kindOf(
  root: Bytes | undefined,
  below: Bytes,
  diagnostics: Diagnostic[],
): "file" | "mask" | "neither" {
  try {
    using opened = openBelow(root, below, O_PATH);
    const stat = statx(opened);
    return isRegular(stat) ? "file" : isNullDevice(stat) ? "mask" : "neither";
  } catch (error) {
    if (failedWith(error, "ELOOP")) {
      diagnostics.push(unreadable(displayPath(root, below), error as Error));
      return "neither";
    }
    if (!failedWith(error, "ENOENT")) return "file"; // Reading it reports the error.
  }
  if (linkTarget(root, below) === DEV_NULL) return "mask";
  diagnostics.push(
    noteAt(displayPath(root, below), 0, 0, "dangling-link", danglingLink(displayPath(root, below))),
  );
  return "neither";
}

const DEV_NULL = "/dev/null";

/** The target that a link names, although nothing exists there: a root need not have a /dev. */
function linkTarget(root: Bytes | undefined, below: Bytes): string | undefined {
  try {
    using directory = openBelow(root, dirname(below), O_RDONLY | O_DIRECTORY);
    return posix.resolve(dirname(below), readlinkat(directory, basename(below)));
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

/** The path in messages, which includes the root. */
export function displayPath(root: Bytes | undefined, below: Bytes): Bytes {
  return root === undefined || root === "/" ? below : join(root, below);
}

/** The directories to search for files that are specified without one. */
export interface NamedConfigPlaces {
  readonly root: Bytes | undefined;
  readonly directories: readonly Bytes[];
  /** The working directory, after them. */
  readonly inWorkingDirectory: boolean;
}

/**
 * Files that the caller specified: `-` is standard input, a path is opened as it is, a name is searched in the directories.
 */
export function readNamedConfig(arg: Bytes, places: NamedConfigPlaces): ConfigText {
  if (arg === "-") return { file: "<stdin>" as Bytes, content: readStandardInput(LIMITS.configuration) };
  if (arg.includes("/")) return readConfigAt(isAbsolute(arg) ? arg : join(bytes(process.cwd()), arg));
  const { root, directories, inWorkingDirectory } = places;
  for (const directory of directories) {
    const below = join(directory, arg);
    const content = readBelow(root, below, LIMITS.configuration);
    const file = displayPath(root, below);
    if (content !== undefined) return { file, content };
    if (linkTarget(root, below) === DEV_NULL) return { file, content: "" as Bytes };
  }
  const here = join(bytes(process.cwd()), arg);
  if (inWorkingDirectory && existsHere(here)) return readConfigAt(here);
  throw new NotFoundError(notFoundMessage(arg, places, existsHere(here)));
}

/** The message for a named file that none of the directories contains. */
class NotFoundError extends Error {}

/** Shown without `.` and `..` if that is the same file. */
function readConfigAt(path: Bytes): ConfigText {
  const file = tidied(path);
  using opened = namesOpenFile(file) ? openBelow(undefined, file) : openRegular(undefined, file);
  return { file, content: readAll(opened, LIMITS.configuration, file) };
}

function tidied(path: Bytes): Bytes {
  const normal = posix.normalize(path) as Bytes;
  if (normal === path) return path;
  const [given, tidy] = [path, normal].map((each) => statSync(toBuffer(each), { throwIfNoEntry: false }));
  return given !== undefined && given.ino === tidy?.ino && given.dev === tidy.dev ? normal : normalize(path);
}

function existsHere(path: Bytes): boolean {
  return existsSync(toBuffer(path));
}

function notFoundMessage(arg: Bytes, places: NamedConfigPlaces, isHere: boolean): string {
  const { root, directories, inWorkingDirectory } = places;
  const looked = directories.map((directory) => escapeForDisplay(displayPath(root, directory)));
  if (inWorkingDirectory) looked.push("the current directory");
  const last = looked.pop() ?? "any directory";
  const list = looked.length === 0 ? last : `${looked.join(", ")} or ${last}`;
  return `not found in ${list}${isHere ? ` (did you mean ./${escapeForDisplay(arg)}?)` : ""}`;
}

export function unreadable(file: Bytes, error: Error): Diagnostic {
  const why = whyUnreadable(error);
  const wording = error instanceof NotFoundError ? fileNotFound(file, why) : unreadableFile(file, why);
  return errorAt(file, 0, { code: "unreadable-file", column: 0, ...wording });
}

export function whyUnreadable(error: Error): string {
  if (error instanceof UnusableFileError) return error.reason;
  const { code } = error as NodeJS.ErrnoException;
  return (code && errnoWords(code)) ?? error.message;
}

export interface ConfigFilesOptions {
  /** An absolute path, below which the configuration directories are. */
  readonly root?: Bytes | undefined;
  /** Use the user's configuration instead of the system's. */
  readonly user?: boolean;
  /** The environment for $XDG_...; by default the process's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface ConfigFiles {
  readonly files: readonly ConfigText[];
  /** Files that could not be read. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * All configuration files that apply, each with its lines, which end in newlines, in the order in which they are read: what
 * --cat-config prints.
 */
export function readConfigFilesSync(options: ConfigFilesOptions = {}): ConfigFiles {
  const root = options.root === undefined ? undefined : normalize(options.root);
  const directories = configDirectories(options.user ?? false, options.environment ?? process.env);
  const list = listConfigFiles(root, directories, undefined);
  const diagnostics = [...list.diagnostics];
  const files = list.files.flatMap(({ below }) => {
    const file = displayPath(root, below);
    try {
      using opened = openRegular(root, below);
      const place = placeInside(root, opened);
      const leadsTo = place === below ? {} : { leadsTo: displayPath(root, place) };
      const lines = linesOf(readAll(opened, LIMITS.configuration)).map((line) => `${line}\n`);
      return [{ file, content: lines.join("") as Bytes, ...leadsTo }];
    } catch (error) {
      diagnostics.push(unreadable(file, error as Error));
      return [];
    }
  });
  return { files, diagnostics };
}
