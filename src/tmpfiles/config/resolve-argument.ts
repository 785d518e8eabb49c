/** Resolves the argument of a line: its own syntax, specifiers, credentials and base64. */
import type { Bytes } from "../../base/bytes.js";
import { ArgumentError, type LineType, MissingSourceError } from "../line-type.js";
import { RelativeSourceError } from "../lines/arguments.js";
import { decodeBase64 } from "./base64.js";
import type { CredentialError } from "./credentials.js";
import type { Line } from "./line.js";
import { expansionFailed, Omission, Rejection, remark } from "./rejection.js";
import type { ResolveContext } from "./resolve-context.js";
import {
  invalidBase64,
  missingCredential,
  missingSource,
  noCredentialNamed,
  type Wording,
} from "./wording.js";

/** The argument as its type reads it, before it is known whether the line counts. */
export function parseArgument(line: Line, type: LineType, context: ResolveContext): unknown {
  const { argument } = line;
  const { parseArgument: parse } = type;
  if (argument === undefined || parse === undefined) return argument;
  const warn = (said: Wording, at = 0): void =>
    remark(line.source, context, "ignored-argument", "argument", said, at);
  return withArgumentErrors(() => parse(argument, warn));
}

/** Turns what the functions of a row throw into this module's own. */
function withArgumentErrors<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof MissingSourceError) {
      throw new Omission("missing-source", "argument", missingSource(error.path));
    }
    if (!(error instanceof ArgumentError)) throw error;
    const code = error instanceof RelativeSourceError ? "relative-source" : "bad-argument";
    throw new Rejection(code, "argument", error.wording, error.at);
  }
}

/** What becomes of it where the line counts. */
export function resolveArgument(
  line: Line,
  type: LineType,
  parsed: unknown,
  path: Bytes,
  context: ResolveContext,
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

/**
 * The bytes that a line writes or is compared by: its text, or the credential that this names, and then what they encode
 * in base64.
 */
export function argumentBytesOf(
  line: Line,
  text: Bytes | undefined,
  context: ResolveContext,
): Bytes | undefined {
  return decode(line, readCredential(line, text, context));
}

function readCredential(line: Line, name: Bytes | undefined, context: ResolveContext): Bytes | undefined {
  if (!line.modifiers.credential) return name;
  if (name === undefined) {
    throw new Rejection("bad-credential", "type", noCredentialNamed());
  }
  let content: Bytes | undefined;
  try {
    content = context.credentials.read(name);
  } catch (error) {
    throw new Rejection("bad-credential", "argument", (error as CredentialError).wording);
  }
  if (content !== undefined) return content;
  throw new Omission("missing-credential", "argument", missingCredential(name));
}

function decode(line: Line, content: Bytes | undefined): Bytes | undefined {
  if (!line.modifiers.base64 || content === undefined) return content;
  const decoded = decodeBase64(content);
  if (decoded === undefined) throw new Rejection("bad-base64", "argument", invalidBase64(content));
  return decoded;
}
