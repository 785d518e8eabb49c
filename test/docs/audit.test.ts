/** The pages of the auditor's rules: complete, and their examples are what they say. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AUDIT_RULES } from "#src/audit/rules.js";
import { liveRules, WITHOUT_NAMESPACE } from "../e2e/host-namespace.js";
import { ROOT } from "../e2e/program.js";
import { hostRules, manifestFindingsOf, unitRules } from "../unit/audit/hosts.js";
import { rulesIn } from "../unit/audit/sources.js";

const folder = join(ROOT, "docs/audit");
const LANGUAGES: Readonly<Record<string, string>> = {
  sh: "shell",
  c: "c",
  python: "python",
  js: "javascript",
  go: "go",
};

const MANIFESTS: Readonly<Record<string, string>> = { dockerfile: "Dockerfile", yaml: "example.yaml" };

const HOST_FILES: Readonly<Record<string, string>> = {
  sysctl: "etc/sysctl.d/50-links.conf",
  tmpfiles: "etc/tmpfiles.d/app.conf",
  crontab: "etc/cron.d/clean",
};

/** The rules that an example breaks. */
async function found(language: string, code: string): Promise<string[]> {
  if (language === "ini")
    return unitRules({ [`example.${code.includes("[Socket]") ? "socket" : "service"}`]: code });
  const file = MANIFESTS[language];
  if (file !== undefined) return (await manifestFindingsOf({ [file]: code })).map(({ rule }) => rule);
  const configuration = HOST_FILES[language];
  if (configuration !== undefined) return hostRules({ [configuration]: code });
  const lines = await rulesIn(LANGUAGES[language] ?? language, code);
  return lines.map((each) => each.split(" ")[1] ?? "");
}

test("each rule has a page", () => {
  const pages = AUDIT_RULES.map(({ id }) => `${id}.md`).sort();
  assert.deepEqual(readdirSync(folder).sort(), pages);
});

for (const { id, title, risk, fix, cwe } of AUDIT_RULES) {
  const page = readFileSync(join(folder, `${id}.md`), "utf8");
  test(`docs/audit/${id}.md says what the rule says`, () => {
    assert.ok(page.startsWith(`# ${id}: ${title}\n`));
    for (const text of [risk, fix, ...cwe.map((number) => `CWE-${number}`)])
      assert.ok(page.includes(text), text);
  });
  const examples = [...page.matchAll(/^```(\w+) (vulnerable|safe)\n([\s\S]*?)^```$/gm)];
  const isLive = id.startsWith("HOST") && examples.some(([, language]) => language === "sh");
  const skip = isLive && WITHOUT_NAMESPACE;
  test(`docs/audit/${id}.md, its ${examples.length} examples`, { skip }, async () => {
    assert.ok(examples.some(([, , kind]) => kind === "vulnerable"));
    assert.ok(examples.some(([, , kind]) => kind === "safe"));
    for (const [, language = "", kind, code = ""] of examples) {
      const rules = isLive ? liveRules(code) : await found(language, code);
      assert.deepEqual([...new Set(rules)], kind === "vulnerable" ? [id] : [], code);
    }
  });
}
