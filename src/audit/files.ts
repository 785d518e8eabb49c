/** Finds the files to audit below the operands. */
import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { type Bytes, basename, bytes, fromBuffer, join, toBuffer } from "../base/bytes.js";
import type { SkippedFile } from "./finding.js";
import { manifestByName } from "./manifests/kinds.js";
import { isTestPath, languageByName } from "./source/kinds.js";

export interface CandidateFile {
  readonly file: Bytes;
  /** Empty if only its first line says. */
  readonly language: string;
}

export interface FoundFiles {
  readonly files: CandidateFile[];
  readonly skipped: SkippedFile[];
}

/** Directories of version control and of installed packages, unless they are operands themselves. */
const LEFT_OUT = new Set([".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv"]);

/**
 * The files below the operands, sorted. Symbolic links are not followed.
 *
 * @throws Error if an operand does not exist or cannot be read
 */
export function findFiles(operands: readonly Bytes[], options: { readonly tests: boolean }): FoundFiles {
  const found: FoundFiles = { files: [], skipped: [] };
  for (const operand of operands) {
    const stats: Stats = lstatSync(toBuffer(operand));
    if (stats.isDirectory()) walk(operand, "", options, found);
    else if (stats.isFile())
      found.files.push({ file: operand, language: languageOf(basename(operand)) ?? "" });
    else found.skipped.push({ file: operand, reason: "not-regular" });
  }
  return found;
}

function walk(top: Bytes, below: string, options: { readonly tests: boolean }, found: FoundFiles): void {
  const directory = below === "" ? top : join(top, below as Bytes);
  let entries: Dirent<Buffer>[];
  try {
    entries = readdirSync(toBuffer(directory), { encoding: "buffer", withFileTypes: true });
  } catch (error) {
    if (below === "") throw error;
    found.skipped.push({ file: directory, reason: "unreadable", detail: errorCode(error) });
    return;
  }
  const names = entries.map((entry) => ({ entry, name: fromBuffer(entry.name) }));
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { entry, name } of names) {
    const inside = below === "" ? name : `${below}/${name}`;
    if (entry.isDirectory()) {
      if (!LEFT_OUT.has(name)) walk(top, inside, options, found);
    } else if (entry.isFile()) add(join(top, inside as Bytes), inside, options, found);
  }
}

function add(file: Bytes, inside: string, options: { readonly tests: boolean }, found: FoundFiles): void {
  const language = languageOf(basename(file));
  if (language === undefined) return;
  if (!options.tests && isTestPath(inside)) found.skipped.push({ file, reason: "test" });
  else found.files.push({ file, language });
}

function languageOf(name: string): string | undefined {
  return manifestByName(name) ?? languageByName(name);
}

export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? bytes(String(error));
}
