/** The shell examples of docs/serve.md work: in a mount namespace without configuration of the host's own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { endWithTest, until } from "../children.js";
import { needsRoot } from "../requirements.js";

const project = resolve(import.meta.dirname, "../../..");
const page = readFileSync(join(project, "docs/serve.md"), "utf8");
const examples = [...page.matchAll(/^```sh\n(.*)\n```$/gm)].map(([, command = ""]) => command);

/** Nothing of the host is configured, and /tmp and /srv are the example's own. */
const SCENE = `
  for dir in /usr/lib/tmpfiles.d /etc/tmpfiles.d /run /tmp /var/tmp /srv; do
    if [ -d $dir ]; then mount -t tmpfs none $dir || exit 99; fi
  done
  mkdir -p /srv/cache /srv/bin && ln -s "$0" /srv/bin/mayfly && touch -d '30 days ago' /srv/cache/old || exit 99
  export PATH="/srv/bin:$PATH" STATE_DIRECTORY=/srv/state CACHE_DIRECTORY=/srv/index
`;

test("docs/serve.md has examples", () => assert.ok(examples.length >= 5));

for (const example of examples) {
  test(`docs/serve.md: ${example}`, { skip: needsRoot }, async () => {
    const script = `${SCENE}\nexec ${example}\n`;
    const args = ["--mount", "--propagation", "private", "sh", "-c", script, join(project, "bin/mayfly.js")];
    const child = endWithTest(spawn("unshare", args, { stdio: ["ignore", "pipe", "pipe"] }));
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => {
        output += data;
      });
    const closed = once(child, "close");
    await until(`it serves: ${output}`, () => /Next run: /.test(output) || child.exitCode !== null);
    // A command ends by itself, and the service with it.
    if (!example.includes(" -- ")) child.kill("SIGTERM");
    const [status] = (await closed) as [number];
    assert.equal(status, 0, output);
    assert.doesNotMatch(output, /: (?:error|warning): |"level":"(?:error|warning)"/);
  });
}
