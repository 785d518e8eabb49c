/** Loads the parsers: web-tree-sitter, and the grammars that `scripts/bundle.js` copies from their packages. */
import { readFileSync } from "node:fs";
import type { Parser } from "#web-tree-sitter";

export type GrammarName = "bash" | "c" | "cpp" | "go" | "javascript" | "python" | "typescript" | "tsx";

/** The same directory for the modules in dist/audit and for the bundles in dist/bin. */
const wasm = (name: string): Uint8Array =>
  readFileSync(new URL(`../../dist/bin/grammars/${name}.wasm`, import.meta.url));

/** The parsers that were loaded so far. They are large, and most trees have sources in few languages. */
export class Grammars {
  readonly #parsers = new Map<GrammarName, Parser>();
  #library: Promise<typeof import("#web-tree-sitter")> | undefined;

  /** Loads these grammars, unless they are loaded. */
  async load(names: Iterable<GrammarName>): Promise<void> {
    for (const name of new Set(names)) if (!this.#parsers.has(name)) await this.#add(name);
  }

  /** @throws Error if `load` has not loaded it */
  parser(name: GrammarName): Parser {
    const parser = this.#parsers.get(name);
    if (parser === undefined) throw new Error(`the grammar ${name} is not loaded`);
    return parser;
  }

  async #add(name: GrammarName): Promise<void> {
    this.#library ??= initialized();
    const { Language, Parser } = await this.#library;
    const parser = new Parser();
    parser.setLanguage(await Language.load(wasm(`tree-sitter-${name}`)));
    this.#parsers.set(name, parser);
  }
}

async function initialized(): Promise<typeof import("#web-tree-sitter")> {
  const loaded = await import("#web-tree-sitter");
  // Node finds no names of exports in the bundle, and esbuild's require has them at once.
  const library = "default" in loaded ? (loaded.default as typeof loaded) : loaded;
  await library.Parser.init({ wasmBinary: wasm("web-tree-sitter") });
  return library;
}
