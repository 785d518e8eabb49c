import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ROOT, Scratch, start } from "./program.js";

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Record<string, string>;
  dependencies: Record<string, string>;
  man: string[];
};

/** What npm would install, in a node_modules of its own: packed, unpacked, and the dependencies as they are here. */
function install(scratch: Scratch): string {
  const packed = start("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", scratch.path], {
    cwd: ROOT,
    env: { HOME: scratch.path, npm_config_loglevel: "error" },
  });
  assert.equal(packed.status, 0, packed.stderr);
  const modules = join(scratch.path, "node_modules");
  mkdirSync(join(modules, "mayfly"), { recursive: true });
  const archive = readdirSync(scratch.path).find((name) => name.endsWith(".tgz")) ?? "";
  start("tar", ["-xf", join(scratch.path, archive), "-C", join(modules, "mayfly"), "--strip-components=1"]);
  for (const name of Object.keys(manifest.dependencies)) {
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  return join(modules, "mayfly");
}

test("the npm package is complete: entries for import and require, the program, man pages, completions", () => {
  using scratch = new Scratch();
  const home = install(scratch);
  const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));
  assert.ok(entries.length > 0);
  for (const entry of entries) {
    const name = join("mayfly", entry);
    for (const script of [
      `import("${name}").then((all) => console.log(Object.keys(all).length > 0))`,
      `console.log(Object.keys(require("${name}")).length > 0)`,
    ]) {
      const loaded = start(process.execPath, ["--no-warnings", "-e", script], { cwd: scratch.path });
      assert.deepEqual({ script, ...loaded }, { script, status: 0, stdout: "true\n", stderr: "" });
    }
  }
  const asked = [
    `.run({ operations: ["create"], args: [m.bytes("d ${scratch.path}/x")], inline: true, dryRun: true })`,
    `.explain("${scratch.path}/x", { config: ["/dev/null"] })`,
    ".list()",
  ];
  for (const [index, entry] of ["tmpfiles", "inspect", "private-tmp"].entries()) {
    const then = `m${asked[index]}.then((given) => console.log(typeof given))`;
    for (const script of [
      `import("mayfly/${entry}").then((m) => ${then})`,
      `const m = require("mayfly/${entry}"); ${then}`,
    ]) {
      const threaded = start(process.execPath, ["--no-warnings", "-e", script], { cwd: scratch.path });
      assert.deepEqual({ script, ...threaded }, { script, status: 0, stdout: "object\n", stderr: "" });
    }
  }
  const program = join(home, "bin/mayfly.js");
  const ran = start(program, ["create", "--dry-run", "--inline", `d ${scratch.path}/x`]);
  assert.equal(ran.stdout.split("\n")[0], `would create ${scratch.path}/x/`);
  for (const file of ["man/mayfly.1", "completions/_mayfly", "README.md", "LICENSE"]) {
    assert.ok(existsSync(join(home, file)), file);
  }
  const packed = readdirSync(home, { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    packed.filter((file) => /^(src|test|build|scripts|bench)\/|\.map$|\.tgz$/.test(file)),
    [],
  );
});

test("npm installs each man page", () => {
  const pages = readdirSync(join(ROOT, "man")).map((page) => `./man/${page}`);
  assert.deepEqual(manifest.man, pages.sort());
});

test("the package has the notices of each package that a bundle contains", () => {
  using scratch = new Scratch();
  const home = install(scratch);
  const notices = readFileSync(join(home, "dist/THIRD-PARTY-NOTICES.txt"), "utf8");
  const named = [...notices.matchAll(/^-{80}\n(\S+) \S+ \((\S+)\)\n/gm)].map(([, name = ""]) => name);
  assert.deepEqual(
    named.filter((name) => !name.includes("tree-sitter")),
    [
      "@nats-io/jetstream",
      "@nats-io/kv",
      "@nats-io/nats-core",
      "@nats-io/nkeys",
      "@nats-io/nuid",
      "@nats-io/transport-node",
      "@opentelemetry/api",
      "bintrees",
      "croner",
      "d3-hierarchy",
      "prom-client",
      "tdigest",
      "tweetnacl",
      "uplot",
      "vscode-jsonrpc",
      "vscode-languageserver",
      "vscode-languageserver-protocol",
      "vscode-languageserver-types",
      "yaml",
    ],
  );
  const grammars = readdirSync(join(ROOT, "node_modules")).filter((name) => name.startsWith("tree-sitter-"));
  for (const name of ["web-tree-sitter", ...grammars]) assert.ok(named.includes(name), name);
  for (const name of named) {
    const home = join(ROOT, "node_modules", name);
    const license = readdirSync(home).find((file) => /^licen[cs]e/i.test(file)) ?? "";
    const text = readFileSync(join(home, license), "utf8");
    assert.ok(notices.includes(text.trim()), name);
  }
});

test("every file that the documentation links to is in the package", () => {
  using scratch = new Scratch();
  const home = install(scratch);
  const pages = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  const broken = pages.flatMap((page) => {
    const links = [...readFileSync(join(home, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
    return links
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(join(home, dirname(page), target)))
      .map((target) => `${page}: ${target}`);
  });
  assert.deepEqual(broken, []);
  const readme = readFileSync(join(home, "README.md"), "utf8");
  const unlinked = readdirSync(join(home, "docs")).filter(
    // Those of the rules are linked from docs/audit.md.
    (page) => page.endsWith(".md") && !readme.includes(`(docs/${page})`),
  );
  assert.deepEqual(unlinked, [], "a page of docs/ that the README does not link");
});

test("npm i -g installs the program and its man pages", (t) => {
  using scratch = new Scratch();
  const settings = {
    cwd: ROOT,
    env: { ...process.env, npm_config_loglevel: "error", npm_config_prefer_offline: "true" },
  };
  const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", scratch.path];
  assert.equal(start("npm", pack, settings).status, 0);
  const archive = readdirSync(scratch.path).find((name) => name.endsWith(".tgz")) ?? "";
  const prefix = join(scratch.path, "prefix");
  const installed = start(
    "npm",
    [
      "install",
      "--global",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--prefix",
      prefix,
      join(scratch.path, archive),
    ],
    settings,
  );
  if (/ENOTFOUND|EAI_AGAIN|ENOTCACHED|ECONNREFUSED|ETIMEDOUT/.test(installed.stderr)) {
    t.skip("the registry can't be reached, and npm's cache has no koffi");
    return;
  }
  assert.deepEqual({ status: installed.status, stderr: installed.stderr }, { status: 0, stderr: "" });
  const pages = readdirSync(join(ROOT, "man")).sort();
  assert.deepEqual(readdirSync(join(prefix, "share/man/man1")).sort(), pages);
  const version = start(join(prefix, "bin/mayfly"), ["--version"]);
  assert.deepEqual({ status: version.status, stderr: version.stderr }, { status: 0, stderr: "" });
});

/** The declarations of the package are checked, too: skipLibCheck is off. */
const STRICT = [
  "--noEmit",
  "--strict",
  "--exactOptionalPropertyTypes",
  "--noUncheckedIndexedAccess",
  "--noPropertyAccessFromIndexSignature",
  "--isolatedModules",
  "--skipLibCheck",
  "false",
  "--target",
  "es2023",
  "--lib",
  "es2023,esnext.disposable",
];

const RESOLUTIONS = [
  ["--module", "node16", "--moduleResolution", "node16"],
  ["--module", "nodenext"],
  ["--module", "esnext", "--moduleResolution", "bundler"],
];

test("a program that imports the types compiles", {
  skip: existsSync(join(ROOT, "node_modules/typescript")) ? false : "there is no tsc",
}, () => {
  using scratch = new Scratch();
  install(scratch);
  const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));
  const lines = entries.map(
    (entry, at) => `import * as m${at} from "${join("mayfly", entry)}"; export type T${at} = typeof m${at};`,
  );
  const file = join(scratch.path, "uses.mts");
  start("sh", ["-c", 'printf "%s\\n" "$@" >"$0"', file, ...lines]);
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  symlinkSync(join(ROOT, "node_modules/@types"), join(scratch.path, "node_modules/@types"));
  for (const resolution of RESOLUTIONS) {
    const args = [...STRICT, ...resolution, "--types", "node", file];
    const compiled = start(process.execPath, [tsc, ...args], { cwd: scratch.path });
    assert.deepEqual({ resolution, ...compiled }, { resolution, status: 0, stdout: "", stderr: "" });
  }
});
