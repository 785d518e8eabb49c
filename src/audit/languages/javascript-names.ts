/** The names of members in JavaScript. */
import { child, named, type SyntaxNode } from "../syntax/tree.js";

/** `a.b.c`, also for `a["b"]` and `a?.b`; undefined if a part of it has no name. */
export function memberName(node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (/identifier/.test(node.type) || node.type === "this" || node.type === "import") return node.text;
  if (/^(non_null_expression|parenthesized_expression|as_expression)$/.test(node.type))
    return memberName(named(node)[0]);
  const key =
    child(node, "property") ?? (child(node, "index")?.type === "string" ? child(node, "index") : undefined);
  if (key === undefined) return undefined;
  const base = memberName(child(node, "object"));
  return base === undefined ? undefined : `${base}.${propertyName(key)}`;
}

export function propertyName(node: SyntaxNode): string {
  return node.type === "string" ? node.text.slice(1, -1) : node.text;
}
