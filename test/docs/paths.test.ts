/** Every path of the project that a page names exists, and a quoted test is in the file named beside it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";

const project = resolve(import.meta.dirname, "../../..");
/** What a page may name its paths from, besides its own directory. */
const BASES = ["", "src", "src/tmpfiles"];
const FOLDERS = ["", "docs", "test", "test/oracle", ".github"];
const OURS =
  /^(?:src|test|bench|scripts|docs|bin|man|completions|tmpfiles\.d|\.github|\.ci)\/|^[\w/-]+\.(?:ts|js|sh)$/;

interface Page {
  readonly file: string;
  readonly text: string;
}

const pages: readonly Page[] = FOLDERS.flatMap((folder) =>
  readdirSync(join(project, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name))
    .map((file) => ({ file, text: readFileSync(join(project, file), "utf8") })),
);

/** Paths in backquotes, and the targets of links. */
function pathsIn({ text }: Page): string[] {
  const quoted = [...text.matchAll(/`([\w./-]+)`/g)].map(([, path = ""]) => path);
  const linked = [...text.matchAll(/\]\(([\w./-]+)(?:#[\w-]+)?\)/g)].map(([, path = ""]) => path);
  return [...quoted.filter((path) => OURS.test(path) && !path.startsWith("dist/")), ...linked];
}

const exists = (file: string, path: string): boolean =>
  [dirname(file), ...BASES].some((base) => existsSync(join(project, base, path)));

test("every path that a page names exists", () => {
  const missing = pages.flatMap((page) =>
    pathsIn(page)
      .filter((path) => !exists(page.file, path))
      .map((path) => `${page.file}: ${path}`),
  );
  assert.deepEqual(missing, []);
});

test("every test that COMPATIBILITY.md quotes is in the file that it names", () => {
  const { text = "" } = pages.find(({ file }) => file === "COMPATIBILITY.md") ?? {};
  const quotes = [...text.matchAll(/`(test\/[\w./-]+)`, "([^"]+)"/g)];
  assert.ok(quotes.length > 5);
  const missing = quotes.filter(
    ([, path = "", name = ""]) => !readFileSync(join(project, path), "utf8").includes(name),
  );
  assert.deepEqual(
    missing.map(([whole]) => whole),
    [],
  );
});

test("the tables of ARCHITECTURE.md list the modules and the layers", () => {
  const { text = "" } = pages.find(({ file }) => file === "ARCHITECTURE.md") ?? {};
  const rows = [...text.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell = ""]) =>
    cell.replaceAll(/[`/ ]/g, "").split(","),
  );
  const listed = (folder: string): string[] =>
    readdirSync(join(project, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || folder !== "src")
      .map(({ name }) => name);
  assert.deepEqual(rows.flat().sort(), [...listed("src"), ...listed("src/tmpfiles")].sort());
});
