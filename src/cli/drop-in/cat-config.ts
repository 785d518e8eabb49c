/** Prints the configuration files: --cat-config and --tldr. */
import { type Bytes, escapeForDisplay, toBuffer } from "../../base/bytes.js";
import { type ConfigText, readConfigFilesSync } from "../../tmpfiles/index.js";
import type { OutputStream } from "../output-stream.js";
import { page } from "./pager.js";

export interface CatOptions {
  readonly root: Bytes | undefined;
  readonly user: boolean;
  /** Omit comments and empty lines. */
  readonly tldr: boolean;
  readonly "no-pager": boolean;
}

/** Prints each configuration file below a heading with its name. Returns the exit status. */
export function catConfig(options: CatOptions, stdout: OutputStream, stderr: OutputStream): number {
  const { files, diagnostics } = readConfigFilesSync(options);
  for (const { file, message, in262 } of diagnostics)
    stderr.write(`${in262 ?? `${escapeForDisplay(file)}: ${message}`}\n`);
  const text = files.map((file) => section(file, options.tldr)).join("\n");
  if (!options["no-pager"] && page(toBuffer(text as Bytes), stdout)) return 0;
  stdout.write(toBuffer(text as Bytes));
  return diagnostics.some(({ severity }) => severity === "error") ? 1 : 0;
}

function section({ file, content, leadsTo }: ConfigText, tldr: boolean): string {
  if (content === "") return `# ${file} is a mask.\n`;
  const lines = content.replace(/\n$/, "").split("\n");
  const kept = tldr ? lines.filter((line) => !/^\s*(\\|[#;].*)?$/.test(line)) : lines;
  const heading = leadsTo === undefined ? file : `${file} -> ${leadsTo}`;
  return `# ${heading}\n${kept.map((line) => `${line}\n`).join("")}`;
}
