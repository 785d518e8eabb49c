/** What the auditor finds in shell scripts, and what it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rulesIn } from "./sources.js";

const UNSAFE: Readonly<Record<string, readonly [script: string, expected: readonly string[]]>> = {
  "a redirection to a fixed name": ["echo > /tmp/x\n", ["1 TMP001"]],
  "a name with the process id": ["X=/tmp/x.$$\necho > $X\n", ["2 TMP001"]],
  "a name with the time": ['X="/tmp/x-$(date +%s)"\necho >> "$X"\n', ["2 TMP001"]],
  "a default of TMPDIR": [`D=\${TMPDIR:-/tmp}\ntouch $D/x\n`, ["2 TMP001"]],
  "an argument of a function": ['f() { touch "$1"; }\nf /tmp/x\n', ["1 TMP001"]],
  "the output of a function": ["f() { echo /tmp/x.$$; }\ncp a $(f)\n", ["2 TMP001"]],
  "an option that names an output": ["curl -so /tmp/x https://example.org\n", ["1 TMP001"]],
  "a copied option": ["dd if=/dev/zero of=/tmp/x\n", ["1 TMP001"]],
  "a command behind others": ["sudo -n nohup tee /tmp/x\n", ["1 TMP001"]],
  "a directory that may exist": ["mkdir -p /tmp/x\n", ["1 TMP005"]],
  "a directory whose creation may fail": ["mkdir /tmp/x\n", ["1 TMP005"]],
  "a name that is not created": ["X=$(mktemp -u)\n", ["1 TMP002"]],
  "a script in /tmp": [". /tmp/x.sh\n", ["1 TMP008"]],
  "a program in /tmp": ["/tmp/x --version\n", ["1 TMP008"]],
  "a command in a text": ['sh -c "echo > /tmp/x"\n', ["1 TMP006"]],
  "a lock": ["exec 9> /tmp/x.lock\n", ["1 TMP009"]],
  "a fifo": ["mkfifo /tmp/x\n", ["1 TMP009"]],
  "an owner": ["chown root /tmp/x\n", ["1 TMP003"]],
};

const SAFE: Readonly<Record<string, string>> = {
  "a name from mktemp": 'X=$(mktemp /tmp/x.XXXXXX)\necho > "$X"\n',
  "a file in a directory from mktemp": 'D=$(mktemp -d) || exit\ntouch "$D/x"\n',
  "mktemp in a function": 'make() { mktemp -d; }\nD=$(make)\ntouch "$D/x"\n',
  "a directory that mkdir made": 'D=/tmp/x.$$\nmkdir "$D" || exit 1\ntouch "$D/x"\n',
  "set -e": 'set -e\nD=/tmp/x.$$\nmkdir "$D"\n',
  "a text that is printed": 'echo "see /tmp/x"\nprintf "%s" /tmp/y\n',
  "a path in a container": "docker run -v /tmp/x:/tmp/x image touch /tmp/x\n",
  "another host": 'ssh host "echo > /tmp/x"\n',
  "a path below another root": 'touch "$ROOT/tmp/x"\n',
  "the directory itself": "ls /tmp\ncd /tmp\nTMPDIR=/tmp\n",
  "a here document": "cat <<END\necho > /tmp/x\nEND\n",
  "the runtime directory": 'touch "$XDG_RUNTIME_DIR/x"\n',
  "a redirection that creates": "set -C\necho > /tmp/x.$$\n",
};

for (const [name, [script, expected]] of Object.entries(UNSAFE)) {
  test(`shell, unsafe: ${name}`, async () => assert.deepEqual(await rulesIn("shell", script), expected));
}
for (const [name, script] of Object.entries(SAFE)) {
  test(`shell, safe: ${name}`, async () => assert.deepEqual(await rulesIn("shell", script), []));
}
