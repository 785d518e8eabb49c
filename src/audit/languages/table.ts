/** The table of languages: how each is recognized, parsed and lowered. To add one, add its row here. */
import type { Language } from "../source/use.js";
import { lowerC } from "./c.js";
import { cFree, cResult, cUses } from "./c-uses.js";
import { lowerGo } from "./go.js";
import { goResult, goUses } from "./go-uses.js";
import { lowerJavaScript } from "./javascript.js";
import { freeJavaScript, javaScriptResult, javaScriptUses } from "./javascript-uses.js";
import { lowerPython } from "./python.js";
import { pythonFixes } from "./python-fix.js";
import { freePython, pythonResult, pythonUses } from "./python-uses.js";
import { lowerShell } from "./shell.js";
import { shellFixes } from "./shell-fix.js";
import { shellUses } from "./shell-uses.js";
import { commandResult, freeVariable } from "./shell-values.js";

const C: Language = {
  name: "c",
  grammar: "c",
  lower: lowerC,
  knowledge: { result: cResult, free: cFree },
  uses: cUses,
};

const JAVASCRIPT: Language = {
  name: "javascript",
  grammar: "javascript",
  lower: lowerJavaScript,
  knowledge: { result: javaScriptResult, free: freeJavaScript },
  uses: javaScriptUses,
};

export const LANGUAGES: Readonly<Record<string, Language>> = {
  shell: {
    name: "shell",
    grammar: "bash",
    lower: lowerShell,
    knowledge: { result: commandResult, free: freeVariable },
    uses: shellUses,
    fixes: shellFixes,
  },
  c: C,
  python: {
    name: "python",
    grammar: "python",
    lower: lowerPython,
    knowledge: { result: pythonResult, free: freePython },
    uses: pythonUses,
    fixes: pythonFixes,
  },
  javascript: JAVASCRIPT,
  typescript: { ...JAVASCRIPT, name: "typescript", grammar: "typescript" },
  tsx: { ...JAVASCRIPT, name: "tsx", grammar: "tsx" },
  go: {
    name: "go",
    grammar: "go",
    lower: lowerGo,
    knowledge: { result: goResult },
    uses: goUses,
  },
  "c++": { ...C, name: "c++", grammar: "cpp" },
};
