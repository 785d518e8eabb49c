/** The table of languages: how each is recognized, parsed and lowered. To add one, add its row here. */
import type { Language } from "../source/use.js";
import { lowerC } from "./c.js";
import { cFree, cResult, cUses } from "./c-uses.js";
import { lowerShell } from "./shell.js";
import { shellUses } from "./shell-uses.js";
import { commandResult, freeVariable } from "./shell-values.js";

const C: Language = {
  name: "c",
  grammar: "c",
  lower: lowerC,
  knowledge: { result: cResult, free: cFree },
  uses: cUses,
};

export const LANGUAGES: Readonly<Record<string, Language>> = {
  shell: {
    name: "shell",
    grammar: "bash",
    lower: lowerShell,
    knowledge: { result: commandResult, free: freeVariable },
    uses: shellUses,
  },
  c: C,
  "c++": { ...C, name: "c++", grammar: "cpp" },
};
