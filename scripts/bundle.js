/**
 * Makes dist/bin of dist: the command line in one file (CommonJS, since loading ES modules takes a fresh process longer),
 * with V8's code cache beside it, and each thread or process that the code starts by `new URL("./NAME.js",
 * import.meta.url)` as a file of its own.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
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

// Cleans once, so that the functions which each start needs are in the cache too: a file with a line of each of the usual
// kinds, and a directory with nothing old in it.
const { cache, load } = createRequire(import.meta.url)("../bin/load.js");
const { program, script } = load();
const scratch = mkdtempSync(join(tmpdir(), "mayfly-build-"));
try {
  const config = join(scratch, "lines.conf");
  mkdirSync(join(scratch, "a/b"), { recursive: true });
  writeFileSync(join(scratch, "a/file"), "");
  writeFileSync(
    config,
    `# lines\nd ${scratch}/a 0755 root root 10d\nd ${scratch}/c 0755 root root 10d\nx /nowhere/*\n`,
  );
  await program.main(["node", "mayfly", "tmpfiles", "--clean", config]);
} finally {
  rmSync(scratch, { recursive: true });
}
writeFileSync(cache, script.createCachedData());
