/** Turns written lines into items, with a short cut for lines that differ in their paths alone. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { Item } from "../item.js";
import { errorAt } from "./diagnostics.js";
import { type Cut, cutBehindPath } from "./lex.js";
import { parseLine } from "./line.js";
import { resolveLike, resolveLine } from "./resolve.js";
import type { ResolveContext } from "./resolve-context.js";

/** An item, and how its line is written apart from the path. */
interface Model {
  readonly type: Bytes;
  readonly rest: Bytes;
  readonly item: Item;
}

/**
 * Makes items of written lines. The lines of a large configuration mostly say the same of many paths, as
 * `0755 root root 10d`: that is read once, and from then on only the path is.
 */
export class LineReader {
  readonly #context: ResolveContext;
  /** The first item that is written so, by its type and what is behind the path. */
  readonly #models = new Map<Bytes, Map<Bytes, Model>>();
  /** Of the line before: mostly the next is like it. */
  #last: Model | undefined;
  #reports = 0;

  constructor(context: ResolveContext) {
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
    if (this.#last !== undefined) return resolveLike(this.#last.item, source, cut.path, this.#context);
    const before = this.#reports;
    const item = this.#readWhole(source);
    // What was said of a line is to be said of each that is like it.
    if (item !== undefined && hasNoArgument(item) && this.#reports === before) this.#keep(item, cut);
    return item;
  }

  #find({ type, rest }: Cut, text: Bytes): Model | undefined {
    return this.#models.get(type)?.get(text.slice(rest) as Bytes);
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
    const models = this.#models.get(type) ?? new Map<Bytes, Model>();
    this.#models.set(type, models);
    this.#last = { type, rest, item };
    models.set(rest, this.#last);
  }
}

function isLike({ type, rest }: Model, cut: Cut, text: Bytes): boolean {
  return type === cut.type && rest.length === text.length - cut.rest && text.endsWith(rest);
}

function hasNoArgument(item: Item): boolean {
  return (
    item.argument === undefined && item.argumentBytes === undefined && item.type.resolveArgument === undefined
  );
}
