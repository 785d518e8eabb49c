/** Parses a configuration without a host, for the library. */
import { bytes, EMPTY, fromBuffer } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import { DIALECT_262 } from "../model/dialect.js";
import { parseAge } from "../syntax/age.js";
import { eachParsedLine, type Line, type ParsedFile } from "../syntax/line.js";
import { parseMode } from "../syntax/mode.js";
import type { ItemContext } from "./item-context.js";
import { resolveLine } from "./resolve.js";
import { placeholders } from "./specifiers.js";

/**
 * Parses a configuration, tmpfiles.d(5), into lines and diagnostics, without a host: users, groups, values of specifiers,
 * credentials and sources are assumed to exist. Does not access the disk, and throws nothing whatever the bytes.
 *
 * @param content text, or the bytes of a file, which need not be UTF-8
 * @param file its name in diagnostics
 */
export function parse(content: string | Uint8Array, file = "tmpfiles.conf"): ParsedFile {
  const lines: Line[] = [];
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const context: ItemContext = { ...ANYWHERE, report };
  const text = typeof content === "string" ? bytes(content) : fromBuffer(content);
  eachParsedLine(bytes(file), text, (line) => resolveLine(line, context) && lines.push(line), report);
  return { lines, diagnostics };
}

const somebody = () => ({ id: 0, onlyCreate: false });

const ANYWHERE: Omit<ItemContext, "report"> = {
  root: undefined,
  boot: true,
  dialect: DIALECT_262,
  graceful: false,
  user: somebody,
  group: somebody,
  credentials: { directory: undefined, read: () => EMPTY },
  expand: placeholders,
  exists: () => true,
  parseMode,
  parseAge,
  includes: () => true,
};
