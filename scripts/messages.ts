/**
 * Lists every text of the program that a user may read, by the file that contains it. The list is made from the compiled files, so
 * that no message is missing. `npm run generate` writes it, and a test compares it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Node, parse, type TemplateLiteral } from "acorn";
import { simple } from "acorn-walk";

const HEADING = `# Messages

Every text of the program that a user may read, by the file it stands in. \`{}\` stands for a value. Generated from the code by
\`npm run generate\`: a change of wording shows here.
`;

/** Two words, of which one has lower-case letters: all else is a name, a flag or a format. */
const SENTENCE = /[a-z]{2,}.* .*[A-Za-z]|[A-Za-z].* .*[a-z]{2,}/;

/** The declaration of a C function. */
const DECLARATION = /^(?:const )?(?:unsigned )?\w+ \*?\w+\(.*\)$/;

/** The table, from the compiled files in \`dist\`. */
export function messages(dist: string): string {
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js") && !file.startsWith("bin/"))
    .sort();
  const parts = files.map((file) => section(file, textsOf(readFileSync(join(dist, file), "utf8"))));
  return [HEADING, ...parts.filter((part) => part !== "")].join("\n");
}

function section(file: string, texts: readonly string[]): string {
  if (texts.length === 0) return "";
  const rows = texts.map((text) => `- ${text.replace(/\s*\n\s*/g, " ")}`);
  return `## src/${file.replace(/\.js$/, ".ts")}\n\n${rows.join("\n")}\n`;
}

function textsOf(code: string): string[] {
  const found: string[] = [];
  const add = (text: string): void => {
    const trimmed = text.trim();
    if (SENTENCE.test(trimmed) && !DECLARATION.test(trimmed) && !found.includes(trimmed)) found.push(trimmed);
  };
  simple(parse(code, { ecmaVersion: "latest", sourceType: "module" }), {
    Literal(node: Node & { value?: unknown }) {
      if (typeof node.value === "string") add(node.value);
    },
    TemplateLiteral(node: TemplateLiteral) {
      add(node.quasis.map(({ value }) => value.cooked ?? "").join("{}"));
    },
  });
  return found;
}
