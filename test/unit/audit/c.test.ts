/** What the auditor finds in C and C++, and what it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf, rulesIn } from "./sources.js";

const inMain = (...lines: readonly string[]): string => `int main(void) {\n${lines.join("\n")}\n}\n`;

const UNSAFE: Readonly<Record<string, readonly [source: string, expected: readonly string[]]>> = {
  "a literal": [inMain('fopen("/tmp/x", "w");'), ["2 TMP001"]],
  "a macro": [`#define OUT "/tmp/" NAME\n#define NAME "x"\n${inMain('fopen(OUT, "a");')}`, ["4 TMP001"]],
  "a buffer": [
    inMain("char b[9];", 'snprintf(b, 9, "/tmp/x.%d", getpid());', 'fopen(b, "w");'),
    ["4 TMP001"],
  ],
  "an appended buffer": [
    inMain("char b[9];", 'strcpy(b, "/tmp/");', 'strcat(b, "x");', 'fopen(b, "w");'),
    ["5 TMP001"],
  ],
  "a member": [inMain('s->path = "/tmp/x";', "open(s->path, O_CREAT | O_WRONLY, 0600);"), ["3 TMP001"]],
  "an initialized member": [
    inMain('struct s s = { .path = "/tmp/x" };', 'fopen(s.path, "w");'),
    ["3 TMP001"],
  ],
  "a parameter": [`void f(char *p) { fopen(p, "w"); }\n${inMain('f("/tmp/x");')}`, ["1 TMP001"]],
  "a result": [
    `char *d(void) { return "/tmp"; }\n${inMain("char b[9];", 'sprintf(b, "%s/x", d());', 'fopen(b, "w");')}`,
    ["5 TMP001"],
  ],
  "a conditional value": [
    inMain('char *p = getenv("A") ? getenv("A") : "/tmp/x";', 'fopen(p, "w");'),
    ["3 TMP001"],
  ],
  "a value that a branch may replace": [
    inMain('p = "/tmp/x";', "if (q)", "p = q;", 'fopen(p, "w");'),
    ["5 TMP001"],
  ],
  "a command": [inMain('system("ls > /tmp/x");'), ["2 TMP006"]],
  "a composed command": [
    inMain("char b[9];", 'sprintf(b, "ls > /tmp/x.%d", getpid());', "system(b);"),
    ["4 TMP006"],
  ],
  "a name that is not created": [inMain("tmpnam(b);"), ["2 TMP002"]],
  "a directory": [inMain('mkdir("/tmp/x", 0700);'), ["2 TMP005"]],
  "a library": [inMain('dlopen("/tmp/x.so", 1);'), ["2 TMP008"]],
  "a socket": [inMain('strcpy(a.sun_path, "/tmp/x");', "bind(s, &a, 9);"), ["2 TMP009"]],
  "a path of GLib": [
    inMain('char *p = g_build_filename(g_get_tmp_dir(), "x", NULL);', 'g_fopen(p, "w");'),
    ["3 TMP001"],
  ],
};

const SAFE: Readonly<Record<string, string>> = {
  mkstemp: inMain('char b[] = "/tmp/xXXXXXX";', "int fd = mkstemp(b);", 'fopen(b, "w");'),
  "mkstemp in a condition": inMain(
    "char b[9];",
    'strcpy(b, "/tmp/x");',
    "if (mkstemp(b) < 0) return 1;",
    'fopen(b, "w");',
  ),
  mkdtemp: inMain("char b[9];", 'sprintf(b, "%s/x", mkdtemp(t));', 'fopen(b, "w");'),
  O_EXCL: inMain('open("/tmp/x", O_CREAT | O_EXCL | O_RDWR, 0600);'),
  "a text": inMain('printf("/tmp/x");', 'char *help = "writes /tmp/x";'),
  "another directory": inMain('fopen("/var/lib/x", "w");', 'fopen("/tmpfs/x", "w");'),
  "a random part": inMain("char b[9];", 'sprintf(b, "/tmp/x.%s", g_uuid_string_random());', 'fopen(b, "w");'),
  "a directory that was made": inMain('if (mkdir("/tmp/x", 0700) < 0) return 1;'),
  "a directory whose owner is verified": inMain(
    'if (mkdir("/tmp/x", 0700) < 0 && errno != EEXIST) return 1;',
    'fd = open("/tmp/x", O_DIRECTORY | O_NOFOLLOW);',
    "fstat(fd, &s);",
  ),
  "a comparison": inMain('if (strcmp(p, "/tmp/x") == 0) return 1;'),
};

for (const [name, [source, expected]] of Object.entries(UNSAFE)) {
  test(`C, unsafe: ${name}`, async () => {
    assert.deepEqual(await rulesIn("c", source), expected);
    assert.deepEqual(await rulesIn("c++", source), expected);
  });
}
for (const [name, source] of Object.entries(SAFE)) {
  test(`C, safe: ${name}`, async () => assert.deepEqual(await rulesIn("c", source), []));
}

test("a finding shows the way of the value", async () => {
  const source = `#define DIR "/tmp"\n${inMain("char b[9];", 'sprintf(b, "%s/x", DIR);', 'fopen(b, "w");')}`;
  const [finding] = await findingsOf("c", source);
  assert.deepEqual(
    finding?.steps.map(({ line, message }) => `${line}: ${message}`),
    [
      "4: '%s/x' is fixed",
      "1: '/tmp' is fixed",
      "1: assigned to 'DIR'",
      "4: assigned to 'b'",
      "5: fopen() creates or overwrites '/tmp/x', a name that other users can guess",
    ].slice(1),
  );
});
