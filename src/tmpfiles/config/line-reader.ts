/** Turns written lines into items, with a short cut for lines that differ in their paths alone. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { Item } from "../model/item.js";
import { errorAt } from "../syntax/diagnostics.js";
import { type Cut, cutBehindPath } from "../syntax/lex.js";
import { parseLine } from "../syntax/line.js";
import type { ItemContext } from "./item-context.js";
import { resolveFromTemplate, resolveLine } from "./resolve.js";

/** An item, and how its line is written apart from the path. */
interface LineTemplate {
  readonly type: Bytes;
  readonly rest: Bytes;
  readonly item: Item;
}

/**
 * Makes items of written lines. The lines of a large configuration mostly say the same of many paths, as
 * `0755 root root 10d`: that is read once, and from then on only the path is.
 */
export class LineReader {
  readonly #context: ItemContext;
  /** The first item that is written so, by its type and what is behind the path. */
  readonly #templates = new Map<Bytes, Map<Bytes, LineTemplate>>();
  /** Of the line before: mostly the next is like it. */
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

  /** Undefined for a line that is left out; why is reported. */
  read(source: Source): Item | undefined {
    const { text } = source;
    const cut = cutBehindPath(text);
    if (cut === undefined) return this.#readWhole(source);
    if (this.#last === undefined || !isLike(this.#last, cut, text)) this.#last = this.#find(cut, text);
    if (this.#last !== undefined)
      return resolveFromTemplate(this.#last.item, source, cut.path, this.#context);
    const before = this.#reports;
    const item = this.#readWhole(source);
    // What was said of a line is to be said of each that is like it.
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
