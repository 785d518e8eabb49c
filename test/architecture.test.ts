/** The structure that ARCHITECTURE.md describes: layers, names, sizes. Imports of types count. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "../..");
const src = join(root, "src");

/** A module may import from itself and from those on the lines above its own. */
const MODULES = [
  ["base"],
  ["sys"],
  ["path"],
  ["tmpfiles"],
  ["temp", "image"],
  ["private-tmp", "inspect", "audit"],
  ["report"],
  ["serve", "install", "scratch"],
  ["cli"],
];

/** The layers of the engine, from the lowest up. */
const ENGINE = [
  ["syntax"],
  ["effects"],
  ["ageing"],
  ["model"],
  ["lines"],
  ["config"],
  ["run", "check"],
  ["thread"],
  ["index.ts"],
];

const MOST_LINES = 320;

interface Source {
  readonly file: string;
  readonly text: string;
  /** The files that it imports, types included, as paths below src. */
  readonly imports: readonly string[];
}

function read(file: string): Source {
  const text = readFileSync(join(src, file), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)\.js"/g)].map(
    ([, path = ""]) => path,
  );
  return { file, text, imports: specifiers.map((path) => `${normalize(join(dirname(file), path))}.ts`) };
}

const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map(read);
const byFile = new Map(sources.map((source) => [source.file, source]));

const layerOf = (layers: readonly (readonly string[])[], name: string | undefined): number =>
  layers.findIndex((layer) => layer.includes(name ?? ""));

/** The imports between folders of one level that do not point downward; `part` names the folder that a file is in. */
function upward(
  layers: readonly (readonly string[])[],
  part: (file: string) => string | undefined,
): string[] {
  const edges = sources.flatMap(({ file, imports }) => imports.map((target) => ({ file, target })));
  return edges
    .filter(
      ({ file, target }) =>
        part(file) !== undefined && part(target) !== undefined && part(file) !== part(target),
    )
    .filter(({ file, target }) => layerOf(layers, part(target)) >= layerOf(layers, part(file)))
    .map(({ file, target }) => `${file} imports ${target}`);
}

test("modules import downward only", () => {
  const folder = (file: string): string | undefined => (file.includes("/") ? file.split("/")[0] : undefined);
  assert.deepEqual(upward(MODULES, folder), []);
  const modules = new Set(sources.map(({ file }) => folder(file)));
  modules.delete(undefined);
  assert.deepEqual([...modules].sort(), MODULES.flat().sort(), "a module that no layer names");
});

test("the engine's layers import downward only", () => {
  const folder = (file: string): string | undefined => file.match(/^tmpfiles\/([^/]+)/)?.[1];
  assert.deepEqual(upward(ENGINE, folder), []);
  const layers = new Set(sources.map(({ file }) => folder(file)));
  layers.delete(undefined);
  assert.deepEqual([...layers].sort(), ENGINE.flat().sort(), "a folder of the engine that no layer names");
});

test("there are no import cycles", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(" -> "));
    if (way.includes(file) || done.has(file)) return;
    for (const target of byFile.get(file)?.imports ?? []) visit(target, [...way, file]);
    done.add(file);
  };
  for (const { file } of sources) visit(file, []);
  assert.deepEqual(circles, []);
});

test("the command line uses the index files of the modules below it", () => {
  const inner = sources
    .filter(({ file }) => file.startsWith("cli/"))
    .flatMap(({ file, imports }) => imports.map((target) => ({ file, target })))
    .filter(({ target }) =>
      /^(tmpfiles|temp|image|private-tmp|inspect|audit|report|serve|install|scratch)\//.test(target),
    )
    .filter(({ target }) => !/^[^/]+\/index\.ts$/.test(target));
  assert.deepEqual(inner, []);
});

test("only sys/ffi.ts loads koffi", () => {
  assert.deepEqual(
    sources.filter(({ text }) => /["']koffi["']/.test(text)).map(({ file }) => file),
    ["sys/ffi.ts"],
  );
});

test("no exported name means two things", () => {
  const files = new Map<string, string[]>();
  const declared = /^export (?:abstract |async )?(?:class|interface|type|function\*?|const|let) (\w+)/gm;
  for (const { file, text } of sources) {
    // Each face of the program has a `main`, and each command has a name.
    if (/^cli\/(commands\/|(drop-in\/)?main\.ts)/.test(file)) continue;
    for (const [, name = ""] of text.matchAll(declared)) files.set(name, [...(files.get(name) ?? []), file]);
  }
  const twice = [...files]
    .filter(([, where]) => new Set(where).size > 1)
    .map(([name, where]) => `${name}: ${where.join(", ")}`);
  assert.deepEqual(twice, []);
});

test("each file opens with a comment that says what it is for", () => {
  const opening = /^(#![^\n]*\n)?(\/\*\*|\/\/|\/\*)/;
  assert.deepEqual(
    sources.filter(({ text }) => !opening.test(text)).map(({ file }) => file),
    [],
  );
});

test("no file is longer than 320 lines", () => {
  assert.deepEqual(
    sources.filter(({ text }) => text.split("\n").length > MOST_LINES).map(({ file }) => file),
    [],
  );
});

test("no letter of a line type is compared outside the table", () => {
  const compared = [
    /\b(?:letter|[lL]etterOf\([^)]*\)) [!=]== |[!=]== (?:\w+\.)*(?:letter\b|[lL]etterOf\()/,
    /\.(?:has|includes)\((?:\w+\.)*(?:letter\b|[lL]etterOf\()/,
    /new Set\("[a-zA-Z]+"\)|\["[a-zA-Z]"(?:, "[a-zA-Z]")+\]/,
  ];
  const found = sources
    .filter(({ file }) => /^(tmpfiles\/(?!lines\/|syntax\/)|inspect\/|cli\/(drop-in|inspect)\/)/.test(file))
    .filter(({ text }) => compared.some((pattern) => pattern.test(text)));
  assert.deepEqual(
    found.map(({ file }) => file),
    [],
  );
});
