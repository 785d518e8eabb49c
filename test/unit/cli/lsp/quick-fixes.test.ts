/** The editor offers the edits of mayfly audit --fix, in its own units. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { diagnose } from "#src/cli/lsp/diagnose.js";
import { quickFixes } from "#src/cli/lsp/quick-fixes.js";

/** The script after each of the preferred fixes. */
async function fixed(script: string): Promise<string[]> {
  const problems = await diagnose("/example/app.sh", script);
  assert.ok(problems.length > 0);
  const fixes = problems.flatMap((problem) => quickFixes(problem, script, "/example/app.sh"));
  return fixes
    .filter(({ preferred }) => preferred)
    .map(({ line, from, to, text }) => {
      const lines = script.split("\n");
      lines[line] = `${lines[line]?.slice(0, from)}${text}${lines[line]?.slice(to)}`;
      return lines.join("\n");
    });
}

test("a name of a file becomes one of mktemp, behind text that is not ASCII", async () => {
  const script = "#!/bin/sh\n# ä\nLOG=/tmp/app.$$\necho x >$LOG\n";
  assert.deepEqual(await fixed(script), [
    "#!/bin/sh\n# ä\nLOG=$(mktemp /tmp/app.XXXXXXXXXX) || exit\necho x >$LOG\n",
  ]);
});

test("what is made as a directory is never replaced by a file", async () => {
  for (const script of ["#!/bin/sh\nD=/tmp/app.$$\nmkdir $D\n", "#!/bin/sh\nD=/tmp/app.$$\nmkdir -p $D\n"])
    for (const result of await fixed(script)) assert.doesNotMatch(result, /\$\(mktemp (?!-d)/);
});
