/**
 * Writes man/ and completions/ from the tables of src/cli, and the list of all messages. They are committed, so that packagers
 * need no build and changes of wording show in a diff; a test compares them.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { version } from "#src/cli/version.js";
import { completions } from "./completions.js";
import { manPages } from "./man.js";
import { messages } from "./messages.js";

export const ROOT = resolve(import.meta.dirname, "../..");
const MESSAGES = "test/messages.md";

/** Every generated file, by its path below the root, with its content. */
export async function generated(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, text] of await manPages(version())) files.set(join("man", name), text);
  for (const [name, text] of await completions()) files.set(join("completions", name), text);
  files.set(MESSAGES, messages(join(ROOT, "dist")));
  return files;
}

/** The generated files that are there now. */
export function present(): Map<string, string> {
  const names = ["man", "completions"].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  if (existsSync(join(ROOT, MESSAGES))) names.push(MESSAGES);
  return new Map(names.map((name) => [name, readFileSync(join(ROOT, name), "utf8")]));
}

async function write(): Promise<void> {
  const wanted = await generated();
  for (const name of present().keys()) if (!wanted.has(name)) rmSync(join(ROOT, name));
  for (const [name, text] of wanted) writeFileSync(join(ROOT, name), text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  write().catch((error: unknown) => {
    process.stderr.write(`${error}\n`);
    process.exitCode = 1;
  });
}
