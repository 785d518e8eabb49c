/** Places that name a path in /tmp and use none: 300 of them, no finding. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTestPath, languageByFirstLine } from "#src/audit/source/kinds.js";
import { findingsOf } from "./sources.js";

const PATHS = ["/tmp/x", "/tmp/app.log", "/var/tmp/cache/data.bin", "/dev/shm/segment", "/tmp/some-dir/"];

/** Each with PATH for the path. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  shell: [
    'echo "the log is in PATH"',
    "# writes to PATH",
    "docker run -v PATH:/data image",
    "docker exec box touch PATH",
    "kubectl exec pod -- tee PATH",
    'ssh host "cat > PATH"',
    "cat <<END\n> PATH\nEND",
    'printf "%s\\n" PATH',
    'case "$1" in PATH) ;; esac',
    '[ "$1" = PATH ] && exit',
    "grep -q PATH /etc/fstab",
    'd=$(mktemp -d PATH.XXXXXX) && touch "$d/x"',
    "DEFAULT=PATH",
  ],
  c: [
    'int f(void) { return puts("PATH"); }',
    'const char *usage = "-o FILE  write to FILE (default: PATH)";',
    "/* writes to PATH */",
    'int f(char *p) { return strcmp(p, "PATH"); }',
    'int f(void) { char t[] = "PATHXXXXXX"; int fd = mkstemp(t); return fopen(t, "w") != 0; }',
    'int f(void) { return open("PATH", O_CREAT | O_EXCL | O_WRONLY, 0600); }',
    'struct option o = { "PATH", 1 };',
    'void f(void) { assert(starts_with(p, "PATH")); }',
    'void f(void) { log_info("using %s", "PATH"); }',
    '#define DEFAULT "PATH"',
    'int f(void) { return unlink("PATH"); }',
  ],
  python: [
    'print("writing PATH")',
    '"""Writes PATH."""',
    'parser.add_argument("-o", default="PATH")',
    'client.containers.run("image", volumes={"PATH": {"bind": "PATH"}})',
    'sandbox.write_file("PATH", data)',
    'assert parse("PATH").path == "PATH"',
    'env = {"TMPDIR": "PATH"}',
    'd = tempfile.mkdtemp(dir="PATH")\nopen(os.path.join(d, "x"), "w")',
    'def fresh():\n    return tempfile.mkdtemp()\nopen(fresh() + "/PATH", "w")',
    'if name.startswith("PATH"):\n    pass',
    'logging.info("see %s", "PATH")',
    'config = Config(cache="PATH")',
    'requests.get("https://example.org/PATH")',
  ],
  javascript: [
    'console.log("writing PATH");',
    "// writes PATH",
    'program.option("-o, --out <file>", "output", "PATH");',
    'await sandbox.files.write("PATH", data);',
    'container.exec({ Cmd: ["touch", "PATH"] });',
    'expect(parse("PATH")).toEqual({ path: "PATH" });',
    'const env = { TMPDIR: "PATH" };',
    'const d = fs.mkdtempSync("PATH");\nfs.writeFileSync(path.join(d, "x"), "");',
    'const fresh = () => fs.mkdtempSync(os.tmpdir());\nfs.writeFileSync(path.join(fresh(), "PATH"), "");',
    'if (name.startsWith("PATH")) run();',
    'fs.readFileSync("PATH");',
    'const volumes = [{ hostPath: "PATH", mountPath: "PATH" }];',
    'app.get("PATH", handler);',
  ],
  go: [
    'package a\nfunc f() { fmt.Println("PATH") }',
    "package a\n// writes PATH\nfunc f() {}",
    'package a\nvar out = flag.String("out", "PATH", "output")',
    'package a\nvar m = Mount{Source: "PATH", Target: "PATH"}',
    'package a\nfunc f() { d, _ := os.MkdirTemp("PATH", "x"); os.Create(filepath.Join(d, "y")) }',
    'package a\nfunc f(p string) bool { return strings.HasPrefix(p, "PATH") }',
    'package a\nfunc f() { os.OpenFile("PATH", os.O_CREATE|os.O_EXCL, 0600) }',
    'package a\nvar env = []string{"TMPDIR=PATH"}',
    'package a\nfunc f() { client.Exec("box", "touch", "PATH") }',
    'package a\nfunc f() error { return errors.New("no PATH") }',
  ],
};

const PLACES = Object.entries(TEMPLATES).flatMap(([language, templates]) =>
  templates.flatMap((template) =>
    PATHS.map((path) => ({ language, text: `${template.replaceAll("PATH", path)}\n` })),
  ),
);

test(`${PLACES.length} inert places have no finding`, async () => {
  assert.ok(PLACES.length >= 300);
  for (const { language, text } of PLACES) {
    const found = (await findingsOf(language, text)).map(({ rule, message }) => `${rule} ${message}`);
    assert.deepEqual({ text, found }, { text, found: [] });
  }
});

test("the files of tests are recognized", () => {
  for (const path of [
    "test/a.py",
    "src/__tests__/a.js",
    "a_test.go",
    "a.spec.ts",
    "tests/data/run.sh",
    "test_a.py",
  ])
    assert.ok(isTestPath(path), path);
  for (const path of ["src/latest.js", "contest/a.py", "attest.go", "src/testimony.c"])
    assert.ok(!isTestPath(path), path);
});

test("the first line names the language, also before it is configured", () => {
  const languages = [
    "#!/bin/sh -e",
    "#!@SHELL@",
    "#! /usr/bin/env python3",
    "#!@PYTHON@",
    "#!@PERL@ -w",
    "no script",
  ];
  assert.deepEqual(languages.map(languageByFirstLine), [
    "shell",
    "shell",
    "python",
    "python",
    "perl",
    undefined,
  ]);
});
