/**
 * Builds the page of `mayfly report` from src/report/page: one HTML file with its script and style inside, whose policy allows
 * only these two. The data of a report is put in when it is made.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The page, with `@DATA@` and `@CONNECT@` in the places of what is not known yet; and esbuild's metafile, for the notices. */
export async function reportPage(root) {
  const folder = join(root, "src/report/page");
  const common = {
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    charset: "utf8",
    target: "es2022",
  };
  const script = await build({ ...common, entryPoints: [join(folder, "page.ts")], format: "iife" });
  const uPlot = readFileSync(join(root, "node_modules/uplot/dist/uPlot.min.css"), "utf8");
  const own = readFileSync(join(folder, "style.css"), "utf8");
  const style = await build({
    ...common,
    stdin: { contents: `${uPlot}\n${own}`, loader: "css", resolveDir: folder },
  });
  // The end of a script inside a string would end the element.
  const code = script.outputFiles[0].text.trim().replace(/<\/script/gi, "<\\/script");
  const css = style.outputFiles[0].text.trim();
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(code)}`,
    `style-src ${hashOf(css)}`,
    "img-src data:@CONNECT@",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = { POLICY: policy, STYLE: css, SCRIPT: code };
  const html = readFileSync(join(folder, "page.html"), "utf8").replace(
    /@(POLICY|STYLE|SCRIPT)@/g,
    (_, name) => parts[name],
  );
  return { html, metafile: script.metafile };
}
