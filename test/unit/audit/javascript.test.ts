/** What the auditor finds in JavaScript and TypeScript, and what it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rulesIn } from "./sources.js";

const TMP = 'path.join(os.tmpdir(), "x")';

const UNSAFE: Readonly<Record<string, readonly [source: string, expected: readonly string[]]>> = {
  "a literal": ['fs.writeFileSync("/tmp/x", "");\n', ["1 TMP001"]],
  "a function by its own name": [
    'import { writeFile } from "fs/promises";\nawait writeFile("/tmp/x", "");\n',
    ["2 TMP001"],
  ],
  "compiled code": [
    '(0, fs_1.writeFileSync)("/tmp/x", "");\nfs_1.default.writeFileSync("/tmp/y", "");\n',
    ["1 TMP001", "2 TMP001"],
  ],
  "a constant of the module": [
    `const FILE = ${TMP};\nfunction f() { fs.writeFileSync(FILE, ""); }\n`,
    ["2 TMP001"],
  ],
  "a member": [
    `class A { constructor() { this.file = ${TMP}; }\nf() { fs.writeFileSync(this.file, ""); } }\n`,
    ["2 TMP001"],
  ],
  "an argument of a constructor": [
    'class A { constructor(file) { this.file = file; }\nf() { fs.writeFileSync(this.file, ""); } }\nnew A("/tmp/x");\n',
    ["2 TMP001"],
  ],
  "a field": ['class A { file = "/tmp/x";\nf() { fs.writeFileSync(this.file, ""); } }\n', ["2 TMP001"]],
  "a default of an option": [
    'function f(options = {}) {\nconst file = options.file || "/tmp/x";\nfs.writeFileSync(file, "");\n}\n',
    ["3 TMP001"],
  ],
  "a destructured option": [
    'function f({ file = "/tmp/x" }) {\nfs.writeFileSync(file, "");\n}\n',
    ["2 TMP001"],
  ],
  "an object of options": ['const o = { file: "/tmp/x" };\nfs.writeFileSync(o.file, "");\n', ["2 TMP001"]],
  "merged options": [
    'const o = Object.assign({}, { file: "/tmp/x" }, given);\nfs.writeFileSync(o.file, "");\n',
    ["2 TMP001"],
  ],
  "spread options": [
    'const d = { file: "/tmp/x" };\nconst o = { ...d, ...given };\nfs.writeFileSync(o.file, "");\n',
    ["3 TMP001"],
  ],
  "a result": [`const f = () => ${TMP};\nfs.writeFileSync(f(), "");\n`, ["2 TMP001"]],
  "an argument": ['function f(file) {\nfs.writeFileSync(file, "");\n}\nf("/tmp/x");\n', ["2 TMP001"]],
  "a template": [`fs.writeFileSync(\`/tmp/x.\${process.pid}\`, "");\n`, ["1 TMP001"]],
  "a time": ['fs.writeFileSync("/tmp/x." + Date.now(), "");\n', ["1 TMP001"]],
  "a stream": ['fs.createWriteStream("/tmp/x");\n', ["1 TMP001"]],
  "a directory that may exist": ['fs.mkdirSync("/tmp/x", { recursive: true });\n', ["1 TMP005"]],
  "a command": ['exec("ls > /tmp/x");\n', ["1 TMP006"]],
  "a list of arguments": ['cp.spawn("touch", ["/tmp/x"]);\n', ["1 TMP006"]],
  "a socket": ['net.createServer().listen("/tmp/x");\n', ["1 TMP009"]],
  "loaded code": [`require(${TMP});\n`, ["1 TMP008"]],
  "parsed data": ['JSON.parse(fs.readFileSync("/tmp/x", "utf8"));\n', ["1 TMP004"]],
};

const SAFE: Readonly<Record<string, string>> = {
  "a directory from mkdtemp":
    'const d = fs.mkdtempSync(path.join(os.tmpdir(), "x-"));\nfs.writeFileSync(path.join(d, "y"), "");\n',
  "mkdtemp in a function": 'const d = () => fs.mkdtempSync("/tmp/x-");\nfs.writeFileSync(d() + "/y", "");\n',
  "an exclusive open": 'fs.writeFileSync("/tmp/x", "", { flag: "wx" });\nfs.openSync("/tmp/y", "wx");\n',
  "a random part": 'fs.writeFileSync("/tmp/" + crypto.randomUUID() + ".x", "");\n',
  "a path that is only read": 'fs.readFileSync("/tmp/x");\nexpect(f("/tmp/x")).toBe("/tmp/x");\n',
  "a path in a container": 'await sandbox.files.write("/tmp/x", "");\ncontainer.exec(["touch", "/tmp/x"]);\n',
  "another object's method": 'page.screenshot({ path: "/tmp/x" });\nregex.exec("ls > /tmp/x");\n',
  "an option": 'program.option("--out <file>", "output", "/tmp/x");\n',
  "a URL": 'app.get("/tmp/x", handler);\nserver.listen(8080);\n',
};

for (const [name, [source, expected]] of Object.entries(UNSAFE)) {
  for (const language of ["javascript", "typescript"])
    test(`${language}, unsafe: ${name}`, async () =>
      assert.deepEqual(await rulesIn(language, source), expected));
}
for (const [name, source] of Object.entries(SAFE)) {
  for (const language of ["javascript", "typescript"])
    test(`${language}, safe: ${name}`, async () => assert.deepEqual(await rulesIn(language, source), []));
}
