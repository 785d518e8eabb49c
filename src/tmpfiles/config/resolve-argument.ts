/** Resolves the argument of a line: its own syntax, specifiers, credentials and base64. */
import type { Bytes } from "../../base/bytes.js";
import { RelativeSourceError } from "../lines/arguments.js";
import { ArgumentError, type LineType, MissingSourceError } from "../model/item.js";
import { decodeBase64 } from "../syntax/base64.js";
import type { Line } from "../syntax/line.js";
import {
  invalidBase64,
  missingCredential,
  missingSource,
  noCredentialNamed,
  type Wording,
} from "../syntax/wording.js";
import type { CredentialError } from "./credentials.js";
import type { ItemContext } from "./item-context.js";
import { expansionFailed, LineError, LineSkipped, note } from "./line-error.js";

/** The argument as its type parses it, before it is known whether the line applies. */
export function parseArgument(line: Line, type: LineType, context: ItemContext): unknown {
  const { argument } = line;
  const { parseArgument: parse } = type;
  if (argument === undefined || parse === undefined) return argument;
  const warn = (said: Wording, at = 0): void =>
    note(line.source, context, "ignored-argument", "argument", said, at);
  return withArgumentErrors(() => parse(argument, warn));
}

/** Converts the errors of a row's functions to those of this module. */
function withArgumentErrors<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof MissingSourceError) {
      throw new LineSkipped("missing-source", "argument", missingSource(error.path));
    }
    if (!(error instanceof ArgumentError)) throw error;
    const code = error instanceof RelativeSourceError ? "relative-source" : "bad-argument";
    throw new LineError(code, "argument", error.wording, error.at);
  }
}

/** Resolves the argument of a line that applies. */
export function resolveArgument(
  line: Line,
  type: LineType,
  parsed: unknown,
  path: Bytes,
  context: ItemContext,
): unknown {
  const { resolveArgument: resolve } = type;
  if (resolve === undefined || line.modifiers.base64) return parsed;
  const expand = (text: Bytes, limit?: number): Bytes => {
    const expanded = context.expand(text, limit);
    if (typeof expanded === "string") return expanded;
    throw expansionFailed(expanded, "argument", text, context);
  };
  return withArgumentErrors(() =>
    resolve(parsed, { path, root: context.root, expand, exists: context.exists }),
  );
}

/** The bytes that a line writes or compares: its text or the credential that it names, decoded if it is base64. */
export function argumentBytesOf(
  line: Line,
  text: Bytes | undefined,
  context: ItemContext,
): Bytes | undefined {
  return decode(line, readCredential(line, text, context));
}

function readCredential(line: Line, name: Bytes | undefined, context: ItemContext): Bytes | undefined {
  if (!line.modifiers.credential) return name;
  if (name === undefined) {
    throw new LineError("bad-credential", "type", noCredentialNamed());
  }
  let content: Bytes | undefined;
  try {
    content = context.credentials.read(name);
  } catch (error) {
    throw new LineError("bad-credential", "argument", (error as CredentialError).wording);
  }
  if (content !== undefined) return content;
  throw new LineSkipped("missing-credential", "argument", missingCredential(name));
}

function decode(line: Line, content: Bytes | undefined): Bytes | undefined {
  if (!line.modifiers.base64 || content === undefined) return content;
  const decoded = decodeBase64(content);
  if (decoded === undefined) throw new LineError("bad-base64", "argument", invalidBase64(content));
  return decoded;
}
