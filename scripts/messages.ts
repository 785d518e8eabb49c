/**
 * Lists every text of the program that a user may read, by the file that contains it. The list is made from the compiled files, so
 * that no message is missing. `npm run generate` writes it, and a test compares it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Expression,
  type ModuleDeclaration,
  type Node,
  parse,
  type SpreadElement,
  type Statement,
  type TemplateLiteral,
  type VariableDeclarator,
} from "acorn";
import { simple } from "acorn-walk";

const HEADING = `# Messages

Every text of the program that a user may read, by the file it stands in. \`{}\` stands for a value. Generated from the code by
\`npm run generate\`: a change of wording shows here.
`;

/** Two words, of which one has lower-case letters: all else is a name, a flag or a format. */
const SENTENCE = /[a-z]{2,}.* .*[A-Za-z]|[A-Za-z].* .*[a-z]{2,}/;

/** A word that becomes part of a message, in a template or from a table. */
const PART = /^[^-\w]{0,2}[a-z]{3,}( [a-z]+)*[^-\w]{0,2}$/i;

/** Styles of words, which stand in the same tables. */
const STYLE = /^(red|green|yellow|cyan|dim)$/;

/** Tables of such words. */
const TABLES = /^(WORDS|HEADINGS|PURPOSES|DONE|SHORT|TIMESTAMPS|NODES)$/;

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
  const rows = texts.map((text) => `- ${printable(text.replace(/\s*\n\s*/g, " "))}`);
  return `## src/${file.replace(/\.js$/, ".ts")}\n\n${rows.join("\n")}\n`;
}

function printable(text: string): string {
  return text.replace(
    /[^ -~\u00a0-\uffff]/g,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function textsOf(code: string): string[] {
  const found: string[] = [];
  const add = (text: string, pattern = SENTENCE): void => {
    const trimmed = text.trim();
    if (pattern.test(trimmed) && !DECLARATION.test(trimmed) && !found.includes(trimmed)) found.push(trimmed);
  };
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  program.body = program.body.filter((node) => !isHelper(node));
  simple(program, {
    Literal(node: Node & { value?: unknown }) {
      if (typeof node.value === "string") add(node.value);
    },
    TemplateLiteral(node: TemplateLiteral) {
      add(node.quasis.map(({ value }) => value.cooked ?? "").join("{}"));
      for (const text of node.expressions.flatMap(alternatives)) add(text, PART);
    },
    VariableDeclarator({ id, init }: VariableDeclarator) {
      if (id.type !== "Identifier" || !TABLES.test(id.name)) return;
      for (const text of valuesIn(init).filter((value) => !STYLE.test(value))) add(text, PART);
    },
  });
  return found;
}

/** The texts that a conditional expression chooses from. */
function alternatives(node: Expression): string[] {
  if (node.type === "Literal") return typeof node.value === "string" ? [node.value] : [];
  if (node.type === "ConditionalExpression") return [node.consequent, node.alternate].flatMap(alternatives);
  return [];
}

/** The texts in a table, other than its keys. */
function valuesIn(node: Expression | SpreadElement | null | undefined): string[] {
  if (node?.type === "ArrayExpression") return node.elements.flatMap(valuesIn);
  if (node?.type === "NewExpression") return node.arguments.flatMap(valuesIn);
  if (node?.type === "ObjectExpression") {
    return node.properties.flatMap((each) => (each.type === "Property" ? valuesIn(each.value) : []));
  }
  return node?.type === "Literal" && typeof node.value === "string" ? [node.value] : [];
}

/** A function that the compiler adds to a file that needs it, such as `__disposeResources`. */
function isHelper(node: Statement | ModuleDeclaration): boolean {
  if (node.type !== "VariableDeclaration") return false;
  return node.declarations.every(({ id }) => id.type === "Identifier" && id.name.startsWith("__"));
}
