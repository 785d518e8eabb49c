/** The published types: every type that a public declaration mentions is exported by the same entry of the package. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";

const ROOT = resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Record<string, string>;
};

/** A name, and the file of types in which it is declared. */
type Place = readonly [file: string, name: string];

interface Declarations {
  /** The text of each declaration, by its name. */
  readonly texts: ReadonlyMap<string, string>;
  readonly imported: ReadonlyMap<string, Place>;
  readonly exported: ReadonlyMap<string, Place>;
}

const FROM = /^(import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)\.js";/gm;
const DECLARATION =
  /^(export )?(?:declare )?(?:abstract )?(?:interface|class|function|type|const) ([A-Za-z_$][\w$]*)/gm;

const known = new Map<string, Declarations>();

/** Reads the output of tsc, in which each declaration starts a line, and inner lines are indented. */
function declarationsIn(file: string): Declarations {
  const before = known.get(file);
  if (before !== undefined) return before;
  const code = readFileSync(file, "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\/\/.*$/gm, "");
  const texts = new Map<string, string>();
  const imported = new Map<string, Place>();
  const exported = new Map<string, Place>();
  for (const [, kind, names = "", from = ""] of code.matchAll(FROM)) {
    for (const each of names.split(",").map((name) => name.trim().replace(/^type /, ""))) {
      const [name = "", alias = name] = each.split(" as ");
      (kind === "import" ? imported : exported).set(alias, [resolve(dirname(file), `${from}.d.ts`), name]);
    }
  }
  const starts = [...code.matchAll(DECLARATION)];
  for (const [at, [, isExported, name = ""]] of starts.entries()) {
    const text = code.slice(starts[at]?.index, starts[at + 1]?.index).replace(/^import .*$/gm, "");
    texts.set(name, (texts.get(name) ?? "") + text);
    if (isExported !== undefined) exported.set(name, [file, name]);
  }
  const found = { texts, imported, exported };
  known.set(file, found);
  return found;
}

/** Where the name is declared, as a key; undefined for names of the language, of Node and of type parameters. */
function originOf([file, name]: Place): string | undefined {
  const { texts, imported, exported } = declarationsIn(file);
  if (texts.has(name)) return `${file} ${name}`;
  const next = imported.get(name) ?? exported.get(name);
  return next === undefined ? undefined : originOf(next);
}

function originsOf(entry: string): Set<string> {
  const places = [...declarationsIn(entry).exported.values()];
  return new Set(places.map(originOf).filter((origin) => origin !== undefined));
}

function mentionedBy(origin: string): string[] {
  const [file = "", name = ""] = origin.split(" ");
  const text = declarationsIn(file).texts.get(name) ?? "";
  // A constant of which only the type is used: `(typeof FIELDS)[number]`.
  const names = new Set(text.replaceAll(/typeof \w+/g, "").match(/\b[A-Z]\w*/g));
  return [...names].map((each) => originOf([file, each])).filter((each) => each !== undefined);
}

for (const [entry, target] of Object.entries(manifest.exports).filter(([name]) => !name.endsWith(".json"))) {
  test(`${join("mayfly", entry)} exports every type that its declarations mention`, () => {
    const origins = originsOf(join(ROOT, target.replace(/\.js$/, ".d.ts")));
    assert.ok(origins.size > 10);
    const internal = [...origins].flatMap((origin) =>
      mentionedBy(origin)
        .filter((each) => !origins.has(each))
        .map((each) => `${origin.split(" ")[1]} mentions ${each.replace(join(ROOT, "dist/"), "")}`),
    );
    assert.deepEqual(internal, []);
  });
}
