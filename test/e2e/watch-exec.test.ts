import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { WAIT_FOR } from "../children.js";
import { isRoot, Scratch } from "./program.js";
import { whileWatching } from "./watcher.js";

/** A directory to watch, and another one for the output of the command, which must not cause events. */
class ResolveContext extends Scratch {
  readonly watched = join(this.path, "watched");
  readonly out = join(this.path, "out");

  constructor() {
    super();
    mkdirSync(this.watched);
    mkdirSync(this.out);
  }
}

test("--exec passes the event in the environment and on standard input", async () => {
  using context = new ResolveContext();
  const { watched, out } = context;
  const command = `printf '%s|' "$MAYFLY_OP" "$MAYFLY_PATH" "$MAYFLY_TO" "$MAYFLY_PID" "$MAYFLY_EXE" >> ${out}/env; echo >> ${out}/env; cat >> ${out}/json`;
  await whileWatching(["--exec", command, watched], () => {
    writeFileSync(join(watched, "a"), "");
    renameSync(join(watched, "a"), join(watched, "b"));
  });
  const pid = isRoot ? `${process.pid}` : "0";
  const exe = isRoot ? process.execPath : "";
  assert.deepEqual(readFileSync(join(out, "env"), "utf8").split("\n"), [
    `create|${watched}/a||${pid}|${exe}|`,
    `rename|${watched}/a|${watched}/b|${pid}|${exe}|`,
    "",
  ]);
  const events = readFileSync(join(out, "json"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ op, path, to }) => [op, path, to]),
    [
      ["create", `${watched}/a`, undefined],
      ["rename", `${watched}/a`, `${watched}/b`],
    ],
  );
});

const ODD: Readonly<Record<string, string>> = {
  "a command substitution": "$(touch PWNED)",
  backquotes: "`touch PWNED`",
  "a semicolon and quotes": `';touch PWNED;"`,
  "a newline at the end": "line\nbreak\n",
  "a terminal's escapes": "\x1b[31m\x07",
  "an option": "-rf",
  "backslashes and percent signs": "\\0101%s\\c%b",
  "bytes that are no UTF-8": "caf\xe9\xff $(touch PWNED)\n",
};

for (const [what, name] of Object.entries(ODD)) {
  test(`--exec passes a name byte for byte and does not interpret it: ${what}`, async () => {
    using context = new ResolveContext();
    const { watched, out } = context;
    // As an unprivileged or careless command would be tricked: run where the names would make their mark.
    const command = `cd ${out} && printf %s "$MAYFLY_PATH" > path`;
    await whileWatching(["--exec", command, watched], () =>
      writeFileSync(Buffer.from(`${watched}/${name}`, "latin1"), ""),
    );
    assert.equal(readFileSync(join(out, "path"), "latin1"), `${watched}/${name}`);
    for (const where of [out, watched, process.cwd()]) assert.equal(existsSync(join(where, "PWNED")), false);
  });
}

test("--exec runs commands one at a time, in the order of the events, and waits for the last", async () => {
  using context = new ResolveContext();
  const { watched, out } = context;
  const COUNT = 60;
  const command = `mkdir ${out}/running && basename "$MAYFLY_PATH" >> ${out}/names && rmdir ${out}/running`;
  const { stderr } = await whileWatching(["--exec", command, watched], () => {
    for (let i = 0; i < COUNT; i++) writeFileSync(join(watched, `f${i}`), "");
  });
  const names = readFileSync(join(out, "names"), "utf8").trim().split("\n");
  assert.deepEqual(
    names,
    Array.from({ length: COUNT }, (_, i) => `f${i}`),
  );
  assert.equal(stderr.includes("failed"), false, stderr);
});

test("if commands are too slow, events are dropped and counted", async () => {
  using context = new ResolveContext();
  const { watched, out } = context;
  const COUNT = 1_400;
  // The first waits until all has happened; the others do nothing that takes time.
  const command = `echo x >> ${out}/runs; ${WAIT_FOR} wait_for test -e ${out}/go`;
  const { stdout, stderr } = await whileWatching(["--json", "--exec", command, watched], async () => {
    for (let i = 0; i < COUNT; i++) writeFileSync(join(watched, `f${i}`), "");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    writeFileSync(join(out, "go"), "");
  });
  const reported = stdout.match(/^{"type":"event"/gm)?.length;
  assert.equal(reported, COUNT, "each event is still reported");
  const runs = readFileSync(join(out, "runs"), "utf8").trim().split("\n").length;
  const left = Number(
    /^skipped the command for ([\d,]+) events?: too many were waiting$/m.exec(stderr)?.[1]?.replace(",", ""),
  );
  assert.equal(left > 0, true, stderr);
  assert.equal(runs + left, COUNT);
});

test("failing commands do not end the watch, and are counted", async () => {
  using context = new ResolveContext();
  const { watched, out } = context;
  const command = `echo x >> ${out}/runs; case "$MAYFLY_PATH" in *dies) kill -9 $$;; *fails) exit 7;; esac`;
  const { stderr } = await whileWatching(["--exec", command, watched], () => {
    for (const name of ["dies", "well", "fails"]) writeFileSync(join(watched, name), "");
  });
  assert.equal(readFileSync(join(out, "runs"), "utf8"), "x\nx\nx\n");
  assert.match(stderr, /^2 commands failed, the last one with status 7$/m);
});

test("a command that does not read its input is not a failure", async () => {
  using context = new ResolveContext();
  const { watched } = context;
  const { stderr } = await whileWatching(["--exec", "exec <&-; true", watched], () => {
    for (let i = 0; i < 20; i++) writeFileSync(join(watched, `f${i}`), "");
  });
  assert.equal(stderr.includes("failed"), false, stderr);
});
