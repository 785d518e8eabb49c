import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, release } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { type Expand, expander, placeholders, SPECIFIERS } from "#src/tmpfiles/config/specifiers.js";
import { scratch } from "../../../scratch.js";

const host = (environment: NodeJS.ProcessEnv = {}, user = false): Expand =>
  expander({ root: undefined, user, environment });

function below(t: TestContext, files: Readonly<Record<string, string>>): Expand {
  const root = scratch(t);
  mkdirSync(join(root, "etc"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, "etc", name), content);
  return expander({ root: bytes(root), user: false, environment: {} });
}

function contentOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "latin1") : "";
}

const problem = (expanded: ReturnType<Expand>): unknown =>
  typeof expanded === "string" ? expanded : expanded.problem;

test("directories and names of the host are substituted", () => {
  const expand = host();
  assert.equal(expand("%t %S %C %L %D" as Bytes), "/run /var/lib /var/cache /var/log /usr/share");
  assert.equal(expand("%u:%U:%g:%G" as Bytes), "root:0:root:0");
  assert.equal(expand("%H %v" as Bytes), bytes(`${hostname()} ${release()}`));
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", "");
  assert.equal(expand("a-%b" as Bytes), `a-${boot}`);
});

test("percent signs are escaped by doubling", () => {
  const expand = host();
  assert.equal(expand("100%% %- %" as Bytes), "100% %- %");
  assert.deepEqual(expand("/a/%z" as Bytes), {
    problem: "unknown",
    at: 3,
    message: "unknown specifier %z (use %% for a literal percent sign)",
  });
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
      assert.equal(expand(text.replaceAll("%", "%%") as Bytes, 1e6), text);
    }),
  );
});

test("a user's directories follow XDG, and a line with an unset one is ignored", () => {
  const own = host({ HOME: "/home/a/", XDG_STATE_HOME: "/state", XDG_CACHE_HOME: "relative" }, true);
  assert.equal(
    own("%S %L %C %D %h" as Bytes),
    "/state /state/log /home/a/.cache /home/a/.local/share /home/a",
  );
  assert.equal(problem(own("%t" as Bytes)), "unresolved");
  assert.equal(host({ XDG_RUNTIME_DIR: "/run/user/1" }, true)("%t" as Bytes), "/run/user/1");
});

test("%T and %V name an existing directory", () => {
  const temporary = (environment: NodeJS.ProcessEnv) => host(environment)("%T %V" as Bytes);
  assert.equal(temporary({}), "/tmp /var/tmp");
  assert.equal(temporary({ TMPDIR: "/usr" }), "/usr /usr");
  assert.equal(temporary({ TMPDIR: "/not/there", TEMP: "relative", TMP: "/usr" }), "/usr /usr");
  assert.equal(temporary({ TMPDIR: "/usr/../usr", TEMP: "/usr//lib" }), "/tmp /var/tmp");
});

test("specifiers of a root come from its own files", (t) => {
  const release = `ID=mayfly\nVERSION_ID="1 \\"2\\""\nVARIANT_ID = a\\ b\nIMAGE_ID='$x'\n`;
  const expand = below(t, { "os-release": release, "machine-id": `${"0a".repeat(16)}\n` });
  assert.equal(expand("%o|%w|%W|%M|%A|" as Bytes), `mayfly|1 "2"|a b|$x||`);
  assert.equal(expand("%m" as Bytes), "0a".repeat(16));
  assert.equal(below(t, { "os-release": `ID="never\nclosed\n` })("%o" as Bytes), "never\nclosed\n");
});

test("a missing file of a root makes a line ignored, and an invalid one is an error", (t) => {
  assert.equal(problem(below(t, {})("%m" as Bytes)), "unresolved");
  assert.equal(problem(below(t, {})("%o" as Bytes)), "unresolved");
  for (const id of ["", "uninitialized\n", "0".repeat(32)]) {
    assert.equal(problem(below(t, { "machine-id": id })("%m" as Bytes)), "unresolved", id);
  }
  for (const id of ["\n", "garbage\n", "0a".repeat(15)]) {
    assert.equal(problem(below(t, { "machine-id": id })("%m" as Bytes)), "broken", id);
  }
});

test("an expansion longer than a path is refused", () => {
  assert.equal(problem(host()(`/${"a".repeat(4095)}` as Bytes)), "too-long");
  assert.equal(problem(host()(`/${"a".repeat(4094)}` as Bytes)), `/${"a".repeat(4094)}`);
});

test("each specifier has a value on this host, and a placeholder on none", () => {
  // A container often has no machine ID, nor a file that says which system it is.
  const absent = (letter: string): boolean =>
    (letter === "m" && !/^[0-9a-f]{32}\n?$/.test(contentOf("/etc/machine-id"))) ||
    (/[oABMwW]/.test(letter) && contentOf("/etc/os-release") + contentOf("/usr/lib/os-release") === "");
  for (const letter of Object.keys(SPECIFIERS)) {
    const value = host({ HOME: "/root" })(`%${letter}` as Bytes);
    if (absent(letter)) assert.equal(problem(value), "unresolved", letter);
    else assert.equal(typeof value, "string", letter);
    assert.equal(placeholders(`%${letter}` as Bytes), `/${letter}`);
  }
});
