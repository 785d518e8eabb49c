/**
 * Makes dist/bin of dist: each face of the command line in one file with V8's code cache beside it, and each thread or
 * process that the code starts by `new URL("./NAME.js", import.meta.url)` as a file of its own.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const out = join(dist, "bin");

/** The two faces of the program, as bin/mayfly.js loads them. */
const FACES = [
  { in: join(dist, "cli/main.js"), out: "mayfly" },
  { in: join(dist, "cli/drop-in/main.js"), out: "tmpfiles" },
];

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
  // A third of the text, and so of what is read at each start.
  minify: true,
  logLevel: "warning",
};

function startedByUrl() {
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".js") && !file.startsWith("bin/"),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(dist, file), "utf8");
    const started = [...text.matchAll(/new URL\("(\.\/[^"]+\.js)", import\.meta\.url\)/g)];
    return started.map(([, target]) => join(dist, file, "..", target));
  });
}

const URL_OF_IT =
  'const bundle = { get url() { return require("node:url").pathToFileURL(__filename).href; } };';

// bin/mayfly.js loads these itself.
await build({
  ...common,
  entryPoints: FACES,
  outExtension: { ".js": ".cjs" },
  banner: { js: `(function (exports, require, module, __filename, __dirname) {\n${URL_OF_IT}` },
  footer: { js: "})" },
});
await build({ ...common, entryPoints: startedByUrl(), entryNames: "[name]", banner: { js: URL_OF_IT } });
writeFileSync(join(out, "package.json"), '{ "type": "commonjs" }\n');

// Cleans once, so that the functions which each start needs are in the caches too: a file with a line of each of the usual
// kinds, and a directory with nothing old in it.
const { compile, run, cacheOf } = createRequire(import.meta.url)("../bin/mayfly.js");
for (const { out: face } of FACES) rmSync(cacheOf(face), { force: true });
const scratch = mkdtempSync(join(tmpdir(), "mayfly-build-"));
try {
  const config = join(scratch, "lines.conf");
  mkdirSync(join(scratch, "a/b"), { recursive: true });
  writeFileSync(join(scratch, "a/file"), "");
  writeFileSync(
    config,
    `# lines\nd ${scratch}/a 0755 root root 10d\nd ${scratch}/c 0755 root root 10d\nx /nowhere/*\n`,
  );
  for (const { out: face } of FACES) {
    const script = compile(face);
    await run(script, face).main(["node", "mayfly", "tmpfiles", "--clean", config]);
    writeFileSync(cacheOf(face), script.createCachedData());
  }
} finally {
  rmSync(scratch, { recursive: true });
}
