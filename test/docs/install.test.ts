/**
 * The shell examples of docs/install.md work: in a mount namespace in which /srv is the example's own. The project is
 * mounted there too, as `mayfly install` warns of a program in a home directory.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { needsRoot } from "../requirements.js";

const project = resolve(import.meta.dirname, "../../..");
const page = readFileSync(join(project, "docs/install.md"), "utf8");
const examples = [...page.matchAll(/^```sh\n(.*)\n```$/gm)].map(([, command = ""]) => command);

const SCENE = `
  mount -t tmpfs none /srv && mkdir -p /srv/bin /srv/image/etc /srv/project || exit 99
  mount --bind "$0" /srv/project && ln -s /srv/project/bin/mayfly.js /srv/bin/mayfly || exit 99
  export PATH="/srv/bin:$PATH"
`;

test("docs/install.md has examples", () => assert.ok(examples.length >= 3));

for (const example of examples) {
  test(`docs/install.md: ${example}`, { skip: needsRoot }, () => {
    const script = `${SCENE}\n${example}\n`;
    const args = ["--mount", "--propagation", "private", "sh", "-c", script, project];
    const { status, stderr } = spawnSync("unshare", args, { encoding: "utf8", timeout: 60_000 });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
  });
}
