/** How line types resolve content, the target of a symlink, and the source of a copy. */
import { type Bytes, isAbsolute, join, normalize } from "../../base/bytes.js";
import { type ArgumentContext, ArgumentError, MissingSourceError } from "../model/item.js";
import { unescapeAll } from "../syntax/escape.js";
import { badArgumentEscape, relativeSource } from "../syntax/wording.js";

const FACTORY = "/usr/share/factory" as Bytes;

/** Content, symlink targets and copy sources: expands C escapes first, then specifiers. */
export function resolveText(parsed: Bytes | undefined, context: ArgumentContext): Bytes | undefined {
  if (parsed === undefined) return undefined;
  const text = unescapeAll(parsed);
  if (typeof text === "number") throw new ArgumentError(badArgumentEscape(parsed), text);
  return context.expand(text);
}

/** The target of a symlink; by default the vendor's file of the same path in /usr/share/factory. */
export function resolveLinkTarget(parsed: Bytes | undefined, context: ArgumentContext): Bytes {
  return resolveText(parsed, context) ?? join(FACTORY, context.path);
}

/** The source of a copy, including the root: an absolute path that exists. */
export function resolveCopySource(parsed: Bytes | undefined, context: ArgumentContext): Bytes {
  const source = resolveText(parsed, context) ?? join(FACTORY, context.path);
  if (!isAbsolute(source)) throw new RelativeSourceError(relativeSource(source));
  const { root } = context;
  const path = normalize(root === undefined ? source : join(root, source));
  if (!context.exists(path)) throw new MissingSourceError(path);
  return path;
}

export class RelativeSourceError extends ArgumentError {}
