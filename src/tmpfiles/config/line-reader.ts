import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { Item } from "../item.js";
import { errorAt } from "./diagnostics.js";
import { type Cut, cutBehindPath } from "./lex.js";
import { parseLine } from "./line.js";
import { resolveLike, resolveLine } from "./resolve.js";
import type { ResolveContext } from "./resolve-context.js";

/**
 * Makes items of written lines. The lines of a large configuration mostly say the same of many paths, as
 * `0755 root root 10d`: that is read once, and from then on only the path is.
 */
export class LineReader {
  readonly #context: ResolveContext;
  /** The first item of each type and of each text behind the path. */
  readonly #models = new Map<Bytes, Map<Bytes, Item>>();
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
    const cut = cutBehindPath(source.text);
    if (cut === undefined) return this.#readWhole(source);
    const model = this.#models.get(cut.type)?.get(cut.rest);
    if (model !== undefined) return resolveLike(model, source, cut.path, this.#context);
    const before = this.#reports;
    const item = this.#readWhole(source);
    // What was said of a line is to be said of each that is like it.
    if (item !== undefined && hasNoArgument(item) && this.#reports === before) this.#keep(item, cut);
    return item;
  }

  #readWhole(source: Source): Item | undefined {
    const line = parseLine(source);
    if ("letter" in line) return resolveLine(line, this.#context);
    this.#context.report(errorAt(source.file, source.line, line));
    return undefined;
  }

  #keep(item: Item, { type, rest }: Cut): void {
    const models = this.#models.get(type) ?? new Map<Bytes, Item>();
    models.set(rest, item);
    this.#models.set(type, models);
  }
}

function hasNoArgument(item: Item): boolean {
  return (
    item.argument === undefined && item.argumentBytes === undefined && item.type.resolveArgument === undefined
  );
}
