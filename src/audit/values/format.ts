/** The directives of printf(3), and of what is like it in other languages, as parts of a value. */
import type { Expression } from "../program/program.js";

/** `%s`, `%-5.2d`, `%1$s`, `%(name)s`, and the `{}` and `{0}` of Python's str.format. */
const DIRECTIVE =
  /%(?:(\d+)\$)?[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|j|z|t|L|q)?[a-zA-Z%]|\{(\d*)\}/g;

/** The pieces of a formatted text. */
export function formatted(template: string, args: readonly Expression[], at: number): Expression[] {
  const pieces: Expression[] = [];
  let end = 0;
  let next = 0;
  for (const match of template.matchAll(DIRECTIVE)) {
    const [directive, numbered, braced] = match;
    if (match.index > end) pieces.push({ kind: "text", text: template.slice(end, match.index), at });
    end = match.index + directive.length;
    if (directive === "%%") {
      pieces.push({ kind: "text", text: "%", at });
      continue;
    }
    const index = numbered !== undefined ? Number(numbered) - 1 : braced ? Number(braced) : next++;
    pieces.push(args[index] ?? { kind: "part", part: "unknown", label: directive, at });
  }
  if (end < template.length) pieces.push({ kind: "text", text: template.slice(end), at });
  return pieces;
}
