/** Turns lines into items, with a shortcut for lines that differ only in their paths. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { Item } from "../model/item.js";
import { errorAt } from "../syntax/diagnostics.js";
import { type Cut, cutBehindPath } from "../syntax/lex.js";
import { parseLine } from "../syntax/line.js";
import type { ItemContext } from "./item-context.js";
import { resolveFromTemplate, resolveLine } from "./resolve.js";

/** An item, and the text of its line without the path. */
interface LineTemplate {
  readonly type: Bytes;
  readonly rest: Bytes;
  readonly item: Item;
}

/**
 * Turns lines into items. The lines of a large configuration mostly have the same fields for many paths, such as `0755 root
 * root 10d`: these are resolved once, and after that only the paths are.
 */
export class LineReader {
  readonly #context: ItemContext;
  /** The first item by its type and the text after the path. */
  readonly #templates = new Map<Bytes, Map<Bytes, LineTemplate>>();
  /** The item of the previous line, which the next one mostly resembles. */
  #last: LineTemplate | undefined;
  #reports = 0;

  constructor(context: ItemContext) {
    this.#context = {
      ...context,
      report: (diagnostic) => {
        this.#reports++;
        context.report(diagnostic);
      },
    };
  }

  /** Undefined if the line is ignored, after a report of the reason. */
  read(source: Source): Item | undefined {
    const { text } = source;
    const cut = cutBehindPath(text);
    if (cut === undefined) return this.#readWhole(source);
    if (this.#last === undefined || !isLike(this.#last, cut, text)) this.#last = this.#find(cut, text);
    if (this.#last !== undefined)
      return resolveFromTemplate(this.#last.item, source, cut.path, this.#context);
    const before = this.#reports;
    const item = this.#readWhole(source);
    // Diagnostics of a line must be reported for each line like it.
    if (item !== undefined && hasNoArgument(item) && this.#reports === before) this.#keep(item, cut);
    return item;
  }

  #find({ type, rest }: Cut, text: Bytes): LineTemplate | undefined {
    return this.#templates.get(type)?.get(text.slice(rest) as Bytes);
  }

  #readWhole(source: Source): Item | undefined {
    const line = parseLine(source);
    if ("letter" in line) return resolveLine(line, this.#context);
    this.#context.report(errorAt(source.file, source.line, line));
    return undefined;
  }

  #keep(item: Item, cut: Cut): void {
    const { type } = cut;
    const rest = item.source.text.slice(cut.rest) as Bytes;
    const templates = this.#templates.get(type) ?? new Map<Bytes, LineTemplate>();
    this.#templates.set(type, templates);
    this.#last = { type, rest, item };
    templates.set(rest, this.#last);
  }
}

function isLike({ type, rest }: LineTemplate, cut: Cut, text: Bytes): boolean {
  return type === cut.type && rest.length === text.length - cut.rest && text.endsWith(rest);
}

function hasNoArgument(item: Item): boolean {
  return (
    item.argument === undefined && item.argumentBytes === undefined && item.type.resolveArgument === undefined
  );
}
