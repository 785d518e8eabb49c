/** Writes the notices of the packages that a bundle contains: name, version, license and its text. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const HEAD = `Third-party notices

The files below dist/bin contain code of these npm packages. Mayfly itself is under the license in the file LICENSE.
`;

/** The directories of the packages that the inputs of esbuild's metafiles come from. */
function packagesIn(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const found = inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(found)].sort();
}

function noticeOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const texts = readdirSync(directory)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(directory, file), "utf8").trim());
  if (texts.length === 0 || typeof license !== "string") {
    throw new Error(`${name} has no license text to ship: choose another package, or add the text here`);
  }
  return `${"-".repeat(80)}\n${name} ${version} (${license})\n\n${texts.join("\n\n")}\n`;
}

export function writeNotices(file, metafiles) {
  writeFileSync(file, [HEAD, ...packagesIn(metafiles).map(noticeOf)].join("\n"));
}
