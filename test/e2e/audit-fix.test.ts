/** mayfly audit --fix: scripts do afterwards what they did before, and have no findings. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly, Scratch, start } from "./program.js";

const ASSIGNMENTS = [
  "T=/tmp/fix-NAME.$$",
  'T="/tmp/fix-NAME.$$"',
  "T=/var/tmp/fix-NAME-$$",
  "T=/tmp/fix-NAME$$",
  `T="/tmp/fix-NAME-$\{$}"`,
];

const BODIES = [
  'echo "hello $1" > "$T"\ncat "$T"\nrm -f "$T"\n',
  "trap 'rm -f \"$T\"' EXIT\nprintf '%s\\n' c a b > $T\nsort $T\n",
  "seq 1 5 > $T\nseq 6 9 >> $T\nwc -l < $T | tr -d ' '\nrm $T\n",
  'date +%Y > "$T" 2>&1\ngrep -c . "$T"\nrm "$T"\nexit 3\n',
  'save() { echo "$1" >> "$T"; }\nsave one\nsave two\ncat "$T"; rm "$T"\n',
  'cat > "$T" <<END\nline\nEND\nsed s/line/changed/ "$T"\nrm "$T"\n',
  'for i in 1 2 3; do echo $i >> "$T"; done\ntail -n 1 "$T"\nrm "$T"\n',
  'echo x | tee "$T" > /dev/null\nif grep -q x "$T"; then echo found; fi\nrm "$T"\n',
  'cp /etc/hostname "$T" 2> /dev/null || echo none > "$T"\nwc -l < "$T" > /dev/null && echo counted\nrm "$T"\n',
  'exec 3> "$T"\necho three >&3\nexec 3>&-\ncat "$T"\nrm "$T"\nfalse\n',
];

const SCRIPTS = ASSIGNMENTS.flatMap((assignment, first) =>
  BODIES.map((body, second) => `#!/bin/sh\n${assignment.replace("NAME", `${first}-${second}`)}\n${body}`),
);

test("50 fixed scripts do what they did before, and are clean", () => {
  using scratch = new Scratch();
  assert.equal(SCRIPTS.length, 50);
  const paths = SCRIPTS.map((script, index) => {
    const path = join(scratch.path, `${index}.sh`);
    writeFileSync(path, script, { mode: 0o750 });
    return path;
  });
  const run = () => paths.map((path) => start("sh", [path, "argument"]));
  const before = run();
  const { status, stdout } = mayfly(["audit", "--fix", scratch.path]);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: "No problems found in 50 files.\n" });
  for (const path of paths) {
    assert.match(
      readFileSync(path, "latin1"),
      /T="?\$\(mktemp \/(var\/)?tmp\/fix-[\d.-]+X{10}\)"? \|\| exit\n/,
    );
    assert.equal(statSync(path).mode & 0o777, 0o750);
  }
  assert.deepEqual(run(), before);
});

test("what could notice that the file exists is left alone", () => {
  const unsafe = [
    'T=/tmp/x.$$\nmkdir "$T"\necho > "$T/y"\n',
    'T=/tmp/x.$$\n[ -e "$T" ] && exit 1\necho > "$T"\n',
    'T=/tmp/x.$$\nT=/tmp/y.$$\necho > "$T"\n',
    'if true; then T=/tmp/x.$$; fi\necho > "$T"\n',
    'T=/tmp/x\necho > "$T"\n',
    'T=/tmp/x.$$; U=1\necho > "$T"\n',
    'set -o noclobber\nT=/tmp/x.$$\necho >> "$T"\n',
  ];
  using scratch = new Scratch();
  unsafe.forEach((script, index) => void writeFileSync(join(scratch.path, `${index}.sh`), script));
  mayfly(["audit", "--fix", scratch.path]);
  unsafe.forEach((script, index) => {
    assert.equal(readFileSync(join(scratch.path, `${index}.sh`), "latin1"), script);
  });
});

test("mktemp() of Python becomes mkstemp(), and a suppressed finding stays", () => {
  using scratch = new Scratch();
  const place = join(scratch.path, "project");
  mkdirSync(place);
  const suppressed = "# mayfly-ok TMP002: only a label\nname = tempfile.mktemp()\n";
  writeFileSync(
    join(place, "a.py"),
    'import tempfile\nname = tempfile.mktemp(".x", dir="/tmp")\nopen(name, "w")\n',
  );
  writeFileSync(join(place, "b.py"), suppressed);
  assert.equal(mayfly(["audit", "--fix", place]).status, 0);
  assert.equal(
    readFileSync(join(place, "a.py"), "latin1"),
    'import tempfile\nname = tempfile.mkstemp(".x", dir="/tmp")[1]\nopen(name, "w")\n',
  );
  assert.equal(readFileSync(join(place, "b.py"), "latin1"), suppressed);
});
