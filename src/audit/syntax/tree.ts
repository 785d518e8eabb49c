/** Syntax trees as plain objects: what the parser returns lives in its own memory and is slow to visit. */
import type { Parser, TreeCursor } from "#web-tree-sitter";

export interface SyntaxNode {
  readonly type: string;
  /** The name that its parent gives it, such as `left`. */
  readonly field: string | undefined;
  readonly named: boolean;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly children: readonly SyntaxNode[];
}

/** Deeper nodes are left out, so that no input overflows the stack. */
const MOST_LEVELS = 250;

/**
 * Parses text in which each character is a byte. Undefined if the parser did not finish in time.
 */
export function parseTree(parser: Parser, text: string, milliseconds: number): SyntaxNode | undefined {
  const end = performance.now() + milliseconds;
  const tree = parser.parse(text, null, { progressCallback: () => performance.now() > end });
  if (tree === null) {
    parser.reset();
    return undefined;
  }
  const cursor = tree.walk();
  try {
    return copy(cursor, text, 0);
  } finally {
    cursor.delete();
    tree.delete();
  }
}

class CopiedNode implements SyntaxNode {
  readonly type: string;
  readonly field: string | undefined;
  readonly named: boolean;
  readonly start: number;
  readonly end: number;
  readonly children: CopiedNode[] = [];
  readonly #source: string;

  constructor(cursor: TreeCursor, source: string) {
    this.type = cursor.nodeType;
    this.field = cursor.currentFieldName ?? undefined;
    this.named = cursor.nodeIsNamed;
    this.start = cursor.startIndex;
    this.end = cursor.endIndex;
    this.#source = source;
  }

  get text(): string {
    return this.#source.slice(this.start, this.end);
  }
}

function copy(cursor: TreeCursor, source: string, level: number): CopiedNode {
  const node = new CopiedNode(cursor, source);
  if (level < MOST_LEVELS && cursor.gotoFirstChild()) {
    do if (isMeaningful(cursor)) node.children.push(copy(cursor, source, level + 1));
    while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return node;
}

/** Brackets, quotes, commas, keywords and comments are left out: they are half of all nodes. */
function isMeaningful(cursor: TreeCursor): boolean {
  const type = cursor.nodeType;
  return cursor.nodeIsNamed ? type !== "comment" : /[<>|&$+%#?^@~*/:-]/.test(type);
}

/** The first child that its parent calls `field`. */
export function child(node: SyntaxNode | undefined, field: string): SyntaxNode | undefined {
  return node?.children.find((each) => each.field === field);
}

export function fieldChildren(node: SyntaxNode, field: string): SyntaxNode[] {
  return node.children.filter((each) => each.field === field && each.named);
}

/** The children that are neither punctuation nor comments. */
export function named(node: SyntaxNode | undefined): SyntaxNode[] {
  return (node?.children ?? []).filter((each) => each.named && each.type !== "comment");
}
