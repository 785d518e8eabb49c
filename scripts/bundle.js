/**
 * Makes dist/bin of dist: the command line in one file (CommonJS, since loading ES modules takes a fresh process longer),
 * with V8's code cache beside it, and each thread or process that the code starts by `new URL("./NAME.js",
 * import.meta.url)` as a file of its own.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const out = join(dist, "bin");

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  packages: "external",
  minifyWhitespace: true,
  minifySyntax: true,
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

await build({
  ...common,
  entryPoints: [join(dist, "cli/main.js")],
  format: "cjs",
  outfile: join(out, "main.cjs"),
  define: { "import.meta.url": "bundleUrl" },
  banner: { js: 'const bundleUrl=require("node:url").pathToFileURL(__filename).href;' },
});
await build({ ...common, entryPoints: startedByUrl(), format: "esm", outdir: out, entryNames: "[name]" });

// Runs once, so that the functions which each start needs are in the cache too.
const { cache, load } = createRequire(import.meta.url)("../bin/load.js");
const { program, script } = load();
await program.main(["node", "mayfly", "tmpfiles", "--clean", "--inline", "d /nonexistent - - - 10d"]);
writeFileSync(cache, script.createCachedData());
