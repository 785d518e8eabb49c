/** mayfly audit as it is used: exit statuses, formats, suppressions, the baseline. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import type { Log } from "sarif";
import { mayfly, Scratch } from "./program.js";

const VULNERABLE = 'LOG=/tmp/backup.$$\necho start > "$LOG"\n';

function sources(files: Readonly<Record<string, string | Buffer>>): Scratch {
  const scratch = new Scratch();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(scratch.path, name), text);
  return scratch;
}

const audit = (scratch: Scratch, ...args: readonly string[]) =>
  mayfly(["audit", ...args], { cwd: scratch.path });

test("the exit status says whether there are findings, or that the audit failed", () => {
  using scratch = sources({ "a.sh": VULNERABLE, "b.sh": "echo /tmp/x\n" });
  assert.equal(audit(scratch).status, 1);
  assert.equal(audit(scratch, "b.sh").status, 0);
  assert.equal(audit(scratch, "--fail-on=error").status, 0);
  assert.equal(audit(scratch, "--fail-on=none").status, 0);
  assert.equal(audit(scratch, "--ignore=TMP001").status, 0);
  assert.equal(audit(scratch, "--no-such-option").status, 2);
  assert.equal(audit(scratch, "missing.sh").status, 2);
  assert.equal(audit(scratch, "--ignore=TMP999").status, 2);
  assert.equal(audit(scratch, "--baseline=a.sh").status, 2);
});

test("text shows the place, the value's way, the risk and the fix", () => {
  using scratch = sources({ "a.sh": VULNERABLE });
  const { stdout } = audit(scratch, "a.sh");
  const [head, line, source, assigned] = stdout.split("\n");
  assert.equal(
    head,
    "a.sh:2:12: warning: the script creates or overwrites '/tmp/backup.<pid>', a name that other users can guess [TMP001]",
  );
  assert.equal(line, '    echo start > "$LOG"');
  assert.equal(source, "    1:5: '/tmp/backup.' is fixed");
  assert.equal(assigned, "    1:5: assigned to 'LOG'");
  assert.match(stdout, /symbolic link[\s\S]*mkstemp\(3\)[\s\S]*1 warning in 1 file\.\n$/);
});

test("a comment suppresses the rules that it names, with a reason", () => {
  const suppressed = (comment: string) => `${comment}\necho > /tmp/x\n`;
  using scratch = sources({
    "above.sh": suppressed("# mayfly-ok TMP001: made at boot"),
    "beside.sh": "echo > /tmp/x # mayfly-ok TMP003, TMP001: made at boot\n",
    "other.sh": suppressed("# mayfly-ok TMP002: made at boot"),
    "without.sh": suppressed("# mayfly-ok TMP001:"),
    "code.sh": suppressed("echo mayfly-ok TMP001: made at boot"),
  });
  const { stdout } = audit(scratch, "--quiet", ".");
  const files = stdout.split("\n").map((line) => line.split(":")[0]);
  assert.deepEqual(files, ["./code.sh", "./other.sh", "./without.sh", ""]);
  assert.match(audit(scratch, "--verbose", "above.sh").stdout, /suppressed: made at boot \[TMP001\]/);
});

test("a baseline hides what is known, and shows what is new", () => {
  using scratch = sources({ "a.sh": VULNERABLE });
  assert.equal(audit(scratch, "--write-baseline=known.json").status, 0);
  assert.equal(audit(scratch, "--baseline=known.json").status, 0);
  writeFileSync(join(scratch.path, "a.sh"), `# moved\n\n${VULNERABLE}echo > /tmp/new\n`);
  const { status, stdout } = audit(scratch, "--baseline=known.json", "--quiet");
  assert.equal(status, 1);
  assert.match(stdout, /^[^\n]*a\.sh:5:[^\n]*\/tmp\/new[^\n]*\n$/);
});

test("SARIF is valid against its schema, and has the rules, fingerprints, code flows and suppressions", () => {
  using scratch = sources({
    "a.sh": VULNERABLE,
    "b c.sh": "# mayfly-ok TMP001: made at boot\necho > /tmp/x\n",
    "c.pl": 'open(F, ">/tmp/x");\n',
  });
  const { stdout } = audit(scratch, "--format=sarif");
  const log = JSON.parse(stdout) as Log;
  const schema = createRequire(import.meta.url).resolve(
    "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json",
  );
  const { $schema: _, id: __, ...body } = JSON.parse(readFileSync(schema, "utf8")) as Record<string, unknown>;
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(body);
  assert.ok(validate(log), JSON.stringify(validate.errors));
  const [run] = log.runs;
  const [first, unparsed, suppressed] = run?.results ?? [];
  assert.equal(run?.tool.driver.rules?.[first?.ruleIndex ?? -1]?.id, first?.ruleId);
  assert.match(first?.partialFingerprints?.primaryLocationLineHash ?? "", /^[0-9a-f]{16}:1$/);
  assert.equal(first?.codeFlows?.[0]?.threadFlows[0]?.locations.length, 3);
  assert.equal(unparsed?.properties?.unparsed, true);
  assert.equal(suppressed?.suppressions?.[0]?.justification, "made at boot");
  assert.equal(suppressed?.locations?.[0]?.physicalLocation?.artifactLocation?.uri, "b%20c.sh");
});

test("annotations for GitHub escape what ends a property", () => {
  using scratch = sources({ "a,b.sh": VULNERABLE });
  const { stdout } = audit(scratch, "--format=github");
  assert.match(
    stdout,
    /^::warning file=\.\/a%2Cb\.sh,line=2,endLine=2,col=12,title=TMP001%3A [^\n]*::[^\n]*\n$/,
  );
});

test("bytes that are not UTF-8 do not end an audit, and no file is skipped silently", () => {
  const noise = Buffer.from(Array.from({ length: 256 }, (_, index) => index || 1));
  using scratch = sources({
    "latin1.c": Buffer.concat([
      Buffer.from("/* \xe9\xff */\n", "latin1"),
      Buffer.from('int f() { fopen("/tmp/x", "w"); }\n'),
    ]),
    "noise.sh": Buffer.concat([noise, Buffer.from("\necho > /tmp/x\n")]),
    "zeros.py": Buffer.alloc(64),
    "utf16.sh": Buffer.from("\ufeffecho > /tmp/x\n", "utf16le"),
  });
  const { stdout, stderr } = audit(scratch, "--json");
  const objects = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; file: string; reason: string });
  assert.equal(stderr, "");
  const files = objects.filter(({ type }) => type === "finding").map(({ file }) => file);
  assert.deepEqual(
    files,
    ["./latin1.c", "./utf16.sh"].concat(files.includes("./noise.sh") ? ["./noise.sh"] : []).sort(),
  );
  assert.deepEqual(
    objects.filter(({ type }) => type === "skipped").map(({ file, reason }) => `${file} ${reason}`),
    ["./zeros.py binary"],
  );
});

test("one thread and two threads find the same", () => {
  using scratch = sources(
    Object.fromEntries(
      Array.from({ length: 80 }, (_, index) => [`${index}.sh`, `${VULNERABLE}echo > /tmp/${index}\n`]),
    ),
  );
  const [one, two] = ["1", "2"].map((jobs) => audit(scratch, "--json", "--jobs", jobs).stdout);
  assert.equal(one, two);
  assert.equal(one?.split("\n").length, 162);
});

test("symbolic links are not followed", () => {
  using scratch = sources({});
  const { status, stdout } = audit(scratch, "--json", ".");
  assert.equal(status, 0);
  assert.match(stdout, /"files":0/);
});
