/** Decides whether a value is a path in a shared temporary directory that others can guess. */
import type { Value, ValuePart } from "./value.js";

export type Verdict =
  /** A name that others can guess. `exact` if it has no part that is unknown here. */
  | { readonly kind: "guessable"; readonly shown: string; readonly exact: boolean }
  /** The shared directory itself. */
  | { readonly kind: "directory" }
  /** A random or private name, or a path that is elsewhere. */
  | { readonly kind: "safe" };

const SHARED = /^\/+(?:tmp|var\/tmp|dev\/shm|usr\/tmp)(?=\/|$)/;
/** What programs call a value that others cannot guess. */
const RANDOM_NAME =
  /rand|uuid|guid|nonce|token|hash|digest|salt|mkd?temp|tempfile|secret|uniq|sha\d|md5|hex/i;
const SAFE: Verdict = { kind: "safe" };

export function classify({ parts }: Value): Verdict {
  const [first] = parts;
  if (first === undefined) return SAFE;
  const rest = belowShared(parts);
  if (rest === undefined || rest.some(isRandom)) return SAFE;
  const name = rest.map((part) => (part.kind === "text" ? part.text : SHOWN)).join("");
  if (/^[/.]*$/.test(name)) return { kind: "directory" };
  if (/X{6}|\0/.test(name) || /^\/+\.{2}\//.test(name) || /[*?\n]/.test(name.slice(0, 200))) return SAFE;
  // A name that is wholly the caller's says nothing about who can guess it.
  const [component = ""] = name.replace(/^\/+/, "").split("/");
  const fixed = component.replaceAll(SHOWN, "").replace(/\.\w{1,5}$/, "");
  if (!/\w/.test(fixed) && rest.some(({ kind }) => kind === "unknown")) return SAFE;
  return { kind: "guessable", shown: shownPath(parts), exact: !rest.some(({ kind }) => kind === "unknown") };
}

const SHOWN = "\x01";

/** The parts below the shared directory, the first of them beginning with a slash; undefined if the path is elsewhere. */
function belowShared(parts: readonly ValuePart[]): ValuePart[] | undefined {
  const [first, ...rest] = parts;
  if (first === undefined) return undefined;
  if (first.kind === "directory") return rest;
  if (first.kind !== "text") return undefined;
  const { leading, others } = mergedText(parts);
  const shared = SHARED.exec(leading);
  // "/tmp" + "file" is another directory of /.
  if (shared === null) return undefined;
  const below = leading.slice(shared[0].length);
  if (below === "" && others.length > 0 && !/^\//.test(others[0]?.text ?? "/")) return undefined;
  return [{ kind: "text", text: below }, ...others];
}

function mergedText(parts: readonly ValuePart[]): { leading: string; others: readonly ValuePart[] } {
  const end = parts.findIndex(({ kind }) => kind !== "text");
  const texts = end < 0 ? parts : parts.slice(0, end);
  return { leading: texts.map(({ text }) => text).join(""), others: end < 0 ? [] : parts.slice(end) };
}

function isRandom({ kind, text }: ValuePart): boolean {
  return kind === "random" || kind === "private" || (kind === "unknown" && RANDOM_NAME.test(text));
}

/** The path as a reader sees it: parts that vary in angle brackets. */
function shownPath(parts: readonly ValuePart[]): string {
  return parts
    .map(({ kind, text }) => (kind === "text" ? text : `<${text === "" ? kind : text}>`))
    .join("")
    .slice(0, 200);
}

/** The path as a key for comparing places that use the same one. */
export function pathKey({ parts }: Value): string {
  return parts.map(({ kind, text }) => `${kind}:${text}`).join("|");
}
