/** The README's shell examples print what it shows: they run in a mount namespace with a /srv and a /run of their own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { scratch } from "../scratch.js";
import { needsRoot } from "../unit/temp/environment.js";

const project = resolve(import.meta.dirname, "../../..");
const readme = readFileSync(join(project, "README.md"), "utf8");

/** Examples whose output is not compared, and why. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  "mayfly explain /srv/cache/export.csv": "it shows dates, and the timer of the host",
  "ls /tmp/secret": "it shows the host's /tmp, with the words of ls",
};

/** What the examples of the README presuppose; fd 9 of the shell holds the lock. */
const SCENE = `
  mount -t tmpfs none /srv && mount -t tmpfs none /run && mkdir -p /srv/cache/a && cd /srv || exit 99
  touch cache/old.log cache/held cache/fresh cache/a/thumb.png; head -c 4800000 /dev/zero >cache/export.csv
  chmod +t cache/fresh; exec 9<cache/held; flock 9 || exit 99
  touch -d '90 days ago' cache/*.* cache/held cache/fresh cache/a/thumb.png cache/a
  printf 'd /srv/app 0777\\nf /run/id - - - 1d\\n' >app.conf
  exec 2>&1
`;

/** Each line that starts with \`$ \` and, up to the next or an empty line, what it prints. */
const examples = [...readme.matchAll(/^ {4}\$ (.*)\n((?: {4}(?!\$ ).*\n)*)/gm)].map(
  ([, command = "", output = ""]) => ({ command, output: output.replaceAll(/^ {4}/gm, "") }),
);

/** What varies: the order of a directory, its size on disk, and the time that a summary names if a run takes long. */
const comparable = (output: string): string[] =>
  output
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/\/ \([\d.]+[BKM]\)$/, "/").replace(/ in [\d.]+ s\.$/, "."))
    .sort();

test("the README has examples, and each one that is not compared is still there", () => {
  assert.ok(examples.length >= 7);
  const commands = examples.map(({ command }) => command);
  for (const command of Object.keys(NOT_COMPARED)) assert.ok(commands.includes(command), command);
});

for (const { command, output } of examples) {
  const skip = needsRoot || NOT_COMPARED[command] || false;
  test(`README: ${command}`, { skip }, (t) => {
    const folder = scratch(t);
    symlinkSync(join(project, "bin/mayfly.js"), join(folder, "mayfly"));
    const script = `${SCENE}\n${command}\n`;
    const ran = spawnSync("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
      encoding: "utf8",
      timeout: 60_000,
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    });
    assert.notEqual(ran.status, 99, ran.stdout + ran.stderr);
    if (output === "") assert.equal(ran.status, 0, ran.stdout);
    else assert.deepEqual(comparable(ran.stdout), comparable(output));
  });
}
