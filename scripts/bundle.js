/**
 * Makes dist/bin from dist: a bundle for each entry of the command line, which begins with the hash of its build, and a file
 * for each thread or process that the code starts by `new URL("./NAME.js", import.meta.url)`; and the notices of the packages
 * that are in them.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { build } from "esbuild";
import { reportPage } from "./report-page.js";
import { writeNotices } from "./third-party-notices.js";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const out = join(dist, "bin");

/** The two faces of the program, as bin/mayfly.js loads them. */
const FACES = [
  { in: join(dist, "cli/main.js"), out: "mayfly" },
  { in: join(dist, "cli/drop-in/main.js"), out: "tmpfiles" },
];

/**
 * Libraries that only one command needs. Each becomes a file of its own, so that no other command reads it; the code imports
 * it as `#NAME` (see `imports` in package.json), and the installed package does not depend on it.
 */
const LIBRARIES = {
  croner: "croner",
  "prom-client": "prom-client",
  nats: join(dist, "scratch/queue/nats-library.js"),
  "web-tree-sitter": "web-tree-sitter/web-tree-sitter.cjs",
  "vscode-languageserver": "vscode-languageserver/node.js",
  yaml: "yaml",
};

/** The parsers of `mayfly audit`, compiled to WebAssembly by their own packages. */
const GRAMMARS = [
  "web-tree-sitter/web-tree-sitter",
  "tree-sitter-bash/tree-sitter-bash",
  "tree-sitter-c/tree-sitter-c",
  "tree-sitter-cpp/tree-sitter-cpp",
  "tree-sitter-go/tree-sitter-go",
  "tree-sitter-javascript/tree-sitter-javascript",
  "tree-sitter-python/tree-sitter-python",
  "tree-sitter-typescript/tree-sitter-typescript",
  "tree-sitter-typescript/tree-sitter-tsx",
].map((name) => join("node_modules", `${name}.wasm`));

/** The CommonJS file of web-tree-sitter, which its package hides: the other looks for its own path. */
const exactFile = {
  name: "exact-file",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^web-tree-sitter\/.*\.cjs$/ }, ({ path }) => ({
      path: join(root, "node_modules", path),
    })),
};

function copyGrammars() {
  mkdirSync(join(out, "grammars"), { recursive: true });
  for (const file of GRAMMARS) {
    const copy = join(out, "grammars", basename(file));
    copyFileSync(join(root, file), copy);
    chmodSync(copy, 0o644); // Some packages have them executable.
  }
  return { inputs: Object.fromEntries(GRAMMARS.map((file) => [file, {}])) };
}

/** bin/mayfly.js runs a face with its own `require`, so that a path in it is relative to bin/; a thread's is relative to dist/bin. */
const librariesIn = (folder) => ({
  name: "libraries",
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`^#(${Object.keys(LIBRARIES).join("|")})$`) }, ({ path }) => ({
      path: `${folder}/${path.slice(1)}.cjs`,
      external: true,
    })),
});

/** CommonJS throughout: to load ES modules takes a fresh process or thread 7 ms longer. */
const common = {
  bundle: true,
  format: "cjs",
  outdir: out,
  define: { "import.meta.url": "bundle.url", "import.meta.filename": "__filename" },
  alias: { "node:module": join(root, "scripts/bundled-module.js") },
  platform: "node",
  target: "node20",
  packages: "external",
  // bin/mayfly.js runs the bundles as scripts, which have `require` but cannot import.
  supported: { "dynamic-import": false },
  // A third of the size, all of which is read at each start.
  minify: true,
  logLevel: "warning",
  metafile: true,
};

/** The files that a face starts. The promise-based functions of the library have threads that the command line never needs. */
function startedByUrl() {
  const faces = FACES.map(({ out: face }) => readFileSync(join(out, `${face}.cjs`), "utf8"));
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".js") && !file.startsWith("bin/"),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(dist, file), "utf8");
    const started = [...text.matchAll(/new URL\("(\.\/[^"]+\.js)", import\.meta\.url\)/g)];
    return started
      .filter(([, target]) => faces.some((face) => face.includes(`"${target}"`)))
      .map(([, target]) => join(dist, file, "..", target));
  });
}

const URL_OF_IT =
  'const bundle = { get url() { return require("node:url").pathToFileURL(__filename).href; } };';

/** Stamps the faces with the name of the build, by which bin/mayfly.js keeps V8's code cache of them. */
function stamp(face) {
  const file = join(out, `${face}.cjs`);
  const text = readFileSync(file, "latin1");
  const build = createHash("sha256").update(text).digest("hex").slice(0, 16);
  writeFileSync(file, `/*${build}*/${text}`, "latin1");
}

rmSync(out, { recursive: true, force: true });
const faces = await build({
  ...common,
  entryPoints: FACES,
  plugins: [librariesIn("../dist/bin")],
  outExtension: { ".js": ".cjs" },
  banner: { js: `(function (exports, require, module, __filename, __dirname) {\n${URL_OF_IT}` },
  footer: { js: "})" },
});
for (const { out: face } of FACES) stamp(face);
const threads = await build({
  ...common,
  entryPoints: startedByUrl(),
  plugins: [librariesIn(".")],
  entryNames: "[name]",
  banner: { js: URL_OF_IT },
});
const libraries = await build({
  ...common,
  entryPoints: Object.entries(LIBRARIES).map(([name, file]) => ({ in: file, out: name })),
  plugins: [exactFile],
  outExtension: { ".js": ".cjs" },
  packages: "bundle",
});
const page = await reportPage(root);
// Beside the file that reads it, in the bundle and in the library.
for (const folder of [out, join(dist, "report")]) writeFileSync(join(folder, "report-page.html"), page.html);
writeNotices(join(dist, "THIRD-PARTY-NOTICES.txt"), [
  ...[faces, threads, libraries, page].map(({ metafile }) => metafile),
  copyGrammars(),
]);
writeFileSync(join(out, "package.json"), '{ "type": "commonjs" }\n');
