/** The four entries have one manner: twins of what blocks, no two types of one name, the same by import and require. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { test } from "node:test";

const project = resolve(import.meta.dirname, "../../..");
const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
  exports: Record<string, string>;
};
const ENTRIES = Object.entries(manifest.exports).filter(([, file]) => file.endsWith(".js"));

/** Functions that read and wait for nothing, those that are asynchronous through and through, and what is no function. */
const WITHOUT_TWIN = new Set([
  "bytes",
  "columnOf",
  "createCleaner",
  "enter",
  "escapeForDisplay",
  "exitStatus",
  "fromBuffer",
  "parse",
  "quotedPath",
  "quotedPattern",
  "truncates",
  "runPrivately",
  "toBuffer",
  "toText",
  "watch",
]);

function exportsOf(name: string, how: "import" | "require"): string[] {
  const print = "console.log(Object.keys(m).filter((k) => typeof m[k] === 'function').join())";
  const args =
    how === "import"
      ? ["--input-type=module", "-e", `import * as m from "${name}"; ${print}`]
      : ["-e", `const m = require("${name}"); ${print}`];
  const { stdout, status, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim().split(",");
}

for (const [entry] of ENTRIES) {
  const name = join("mayfly", entry);
  for (const how of ["import", "require"] as const) {
    test(`${how} of ${name} gives every function that blocks with its promised twin`, () => {
      const names = new Set(exportsOf(name, how));
      const functions = [...names].filter((each) => /^[a-z]/.test(each) && !WITHOUT_TWIN.has(each));
      assert.ok(functions.length >= 4);
      for (const each of functions) {
        const twin = each.endsWith("Sync") ? each.slice(0, -4) : `${each}Sync`;
        assert.ok(names.has(twin), `${each} has no twin ${twin}`);
      }
    });
  }
}

/** The names that a declaration file exports, with the place that each is declared at. */
function declarations(file: string): Map<string, string> {
  const text = readFileSync(file, "utf8");
  const found = new Map<string, string>();
  for (const [, list = "", from] of text.matchAll(/export (?:type )?\{([^}]*)\}(?: from "([^"]+)")?/g)) {
    const source = from === undefined ? file : normalize(join(dirname(file), from.replace(/\.js$/, ".d.ts")));
    for (const each of list.split(",").map((one) => one.trim().replace(/^type /, ""))) {
      const [inner = "", outer = inner] = each.split(" as ");
      if (inner === "") continue;
      const further = source === file ? undefined : declarations(source).get(inner);
      found.set(outer, further ?? `${source}: ${inner}`);
    }
  }
  const declared =
    /^export (?:declare )?(?:abstract )?(?:class|interface|type|function\*?|const|let) (\w+)/gm;
  for (const [, name = ""] of text.matchAll(declared)) found.set(name, `${file}: ${name}`);
  return found;
}

test("no two public types or functions share a name", () => {
  const places = new Map<string, Set<string>>();
  for (const [, file] of ENTRIES) {
    for (const [name, place] of declarations(join(project, file.replace(/\.js$/, ".d.ts")))) {
      places.set(name, (places.get(name) ?? new Set()).add(place));
    }
  }
  assert.ok(places.size > 100);
  const shared = [...places].filter(([, of]) => of.size > 1).map(([name, of]) => [name, ...of]);
  assert.deepEqual(shared, []);
});

test("every type that a public one mentions is public too, or of Node", () => {
  for (const [entry, file] of ENTRIES) {
    const all = declarations(join(project, file.replace(/\.js$/, ".d.ts")));
    for (const needed of ["Bytes", "Nanoseconds", "Diagnostic", "Source"]) {
      const used = [...all.values()].some((place) => {
        const [where = ""] = place.split(": ");
        return new RegExp(`: (readonly )?${needed}\\b`).test(readFileSync(where, "utf8"));
      });
      if (used && /inspect|tmpfiles/.test(entry)) assert.ok(all.has(needed), `${entry}: ${needed}`);
    }
  }
});
