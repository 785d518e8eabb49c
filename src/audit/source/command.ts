/** Shell commands in other languages: what the value of a command line does with guessable paths. */
import { classify } from "../values/classify.js";
import type { Value } from "../values/value.js";
import type { CommandUse } from "./use.js";

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  pid: "$$",
  time: "$SECONDS",
  weak: "$RANDOM",
  directory: "$TMPDIR",
  environment: "$USER",
};

/** The first unsafe use in a command, whose unknown parts become variables. */
export function commandUses(
  { parts }: Value,
  shell: (command: string) => readonly CommandUse[],
): CommandUse | undefined {
  const command = parts
    .map(({ kind, text }) =>
      kind === "text"
        ? text
        : (PLACEHOLDERS[kind] ??
          `\${${kind === "unknown" ? "unknown_" : "random_"}${text.replaceAll(/\W/g, "_")}}`),
    )
    .join("");
  if (!/tmp|shm|TMPDIR/.test(command)) return undefined;
  return shell(command).find(({ action }) => action !== "check" && action !== "read" && action !== "remove");
}

/** The paths that a use of a command may have. */
export function guessablePath(values: readonly Value[]): string | undefined {
  for (const value of values) {
    const verdict = classify(value);
    if (verdict.kind === "guessable") return verdict.shown;
  }
  return undefined;
}
