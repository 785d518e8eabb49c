/** What the auditor finds in Go, and what it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rulesIn } from "./sources.js";

const inMain = (...lines: readonly string[]): string =>
  `package main\nfunc main() {\n${lines.join("\n")}\n}\n`;

const UNSAFE: Readonly<Record<string, readonly [source: string, expected: readonly string[]]>> = {
  "a literal": [inMain('os.Create("/tmp/x")'), ["3 TMP001"]],
  "a constant": [`${inMain("os.WriteFile(out, nil, 0600)")}const out = "/tmp/x"\n`, ["3 TMP001"]],
  "a joined path": [inMain('p := filepath.Join(os.TempDir(), "x")', "f, err := os.Create(p)"), ["4 TMP001"]],
  "a format": [
    inMain('p := fmt.Sprintf("/tmp/x.%d", os.Getpid())', "ioutil.WriteFile(p, nil, 0600)"),
    ["4 TMP001"],
  ],
  "a member": [inMain('o := Options{Path: "/tmp/x"}', "os.Create(o.Path)"), ["4 TMP001"]],
  "a parameter": [`${inMain('f("/tmp/x")')}func f(p string) {\nos.Create(p)\n}\n`, ["6 TMP001"]],
  "a result": [`${inMain("os.Create(f())")}func f() string { return "/tmp/x" }\n`, ["3 TMP001"]],
  "a directory": [inMain('if err := os.MkdirAll("/tmp/x", 0755); err != nil {', "}"), ["3 TMP005"]],
  "a socket": [inMain('net.Listen("unix", "/tmp/x")'), ["3 TMP009"]],
  "a command": [inMain('exec.Command("sh", "-c", "ls > /tmp/x").Run()'), ["3 TMP006"]],
};

const SAFE: Readonly<Record<string, string>> = {
  "a directory from MkdirTemp": inMain(
    'd, err := os.MkdirTemp("/tmp", "x")',
    'os.Create(filepath.Join(d, "y"))',
  ),
  "an exclusive open": inMain('os.OpenFile("/tmp/x", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0600)'),
  "a text": inMain('fmt.Println("/tmp/x")', 'flag.String("out", "/tmp/x", "writes to /tmp/x")'),
  "a mount": inMain('m := Mount{Source: "/tmp/x", Target: "/tmp/x"}', "use(m)"),
};

for (const [name, [source, expected]] of Object.entries(UNSAFE)) {
  test(`Go, unsafe: ${name}`, async () => assert.deepEqual(await rulesIn("go", source), expected));
}
for (const [name, source] of Object.entries(SAFE)) {
  test(`Go, safe: ${name}`, async () => assert.deepEqual(await rulesIn("go", source), []));
}
