/** Constants with a path in /tmp that other files of the tree can use, found by pattern. */
import type { Bytes } from "../../base/bytes.js";
import type { ForeignConstant } from "../values/evaluate.js";
import { lineIndex } from "./lines.js";

export interface SharedConstant extends ForeignConstant {
  readonly name: string;
  /** Languages that share constants. */
  readonly family: string;
  readonly directory: string;
}

const PATH = String.raw`((?:\/var)?\/tmp\/[^"'\n]*|\/dev\/shm\/[^"'\n]*|\/usr\/tmp\/[^"'\n]*)`;

const PATTERNS: Readonly<Record<string, RegExp>> = {
  c: new RegExp(String.raw`^[ \t]*#[ \t]*define[ \t]+(\w{3,})[ \t]+\(?"${PATH}"`, "gm"),
  python: new RegExp(String.raw`^([A-Z_][A-Z0-9_]{2,})\s*=\s*["']${PATH}["']`, "gm"),
  javascript: new RegExp(
    String.raw`^\s*(?:export\s+const\s+|(?:module\.)?exports\.|const\s+)([A-Z_][A-Z0-9_]{2,})\s*=\s*["']${PATH}["']`,
    "gm",
  ),
  go: new RegExp(String.raw`^\s*(?:const\s+|var\s+)?(\w{3,})(?:\s+string)?\s*=\s*"${PATH}"`, "gm"),
};

const FAMILIES: Readonly<Record<string, string>> = {
  c: "c",
  "c++": "c",
  python: "python",
  javascript: "javascript",
  typescript: "javascript",
  tsx: "javascript",
  go: "go",
};

export function familyOf(language: string): string | undefined {
  return FAMILIES[language];
}

export function constantsIn(file: Bytes, language: string, text: string): SharedConstant[] {
  const family = familyOf(language);
  const pattern = family === undefined ? undefined : PATTERNS[family];
  if (family === undefined || pattern === undefined) return [];
  const place = lineIndex(text);
  return [...text.matchAll(pattern)].map(({ 0: whole, 1: name = "", 2: path = "", index }) => {
    const { line, column } = place(index + (whole.length - whole.trimStart().length));
    return { name, family, directory: directoryOf(file), text: path, file, line, column };
  });
}

export function directoryOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), 0));
}

/** Those that a file in `directory` can use. Go's belong to a package, which is a directory. */
export function visibleConstants(
  all: readonly SharedConstant[],
  language: string,
  directory: string,
): Map<string, SharedConstant> {
  const family = familyOf(language);
  const visible = all.filter(
    (each) => each.family === family && (family !== "go" || each.directory === directory),
  );
  return new Map(visible.toReversed().map((each) => [each.name, each]));
}
