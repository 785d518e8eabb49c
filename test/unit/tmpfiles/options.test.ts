import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, bytes, checkSync, type RunOptions, runSync } from "#src/tmpfiles/index.js";

/** Invalid arguments from JavaScript, and the errors for them. None of them may run the host's configuration. */
const WRONG: readonly (readonly [options: unknown, said: RegExp])[] = [
  ["clean", /^run: options must be an object such as \{ operations, args, /],
  [undefined, /^run: options must be an object/],
  [{}, /^run: options.operations must be an array, each of its elements "create", /],
  [{ operations: [] }, /^run: options.operations must have at least one of create, remove, clean and purge$/],
  [{ operations: ["tidy"] }, /^run: options.operations must be an array/],
  [{ operations: "clean" }, /^run: options.operations must be an array.*, not "clean"$/],
  [{ operations: ["purge"] }, /^run: options.args must name the configuration to purge$/],
  [{ operations: ["create"], args: "d /x" }, /^run: options.args must be an array/],
  [{ operations: ["create"], args: ["d /\u20ac"] }, /^run: options.args must be .* Bytes, made by bytes/],
  [{ operations: ["create"], root: "below" }, /^run: options.root must be an absolute path/],
  [{ operations: ["create"], replace: "/etc/tmpfiles.d/x.conf" }, /^run: options.args must name the /],
  [
    { operations: ["create"], replace: "x.conf", args: ["y.conf"] },
    /^run: options.replace must be an absolute/,
  ],
  [{ operations: ["clean"], jobs: 0 }, /^run: options.jobs must be an integer above 0, not 0$/],
  [{ operations: ["clean"], index: 7 }, /^run: options.index must be Bytes/],
  [{ operations: ["clean"], dryrun: true }, /^run: unknown option "dryrun" \(did you mean "dryRun"\?\)$/],
  [{ operations: ["clean"], user: "yes" }, /^run: options.user must be true or false/],
];

test("invalid options are reported, and nothing is run", () => {
  const reporter = { wantsKept: false, report: () => assert.fail("something was run") };
  for (const [options, message] of WRONG) {
    const dry = typeof options === "object" ? { dryRun: true, ...(options as RunOptions) } : options;
    assert.throws(() => runSync(dry as RunOptions, reporter), { name: "TypeError", message });
  }
  const plain: RunOptions = { operations: ["clean"], args: [bytes("d /run/x")], inline: true, dryRun: true };
  assert.throws(() => runSync(plain, {} as typeof reporter), {
    message: /^run: reporter.report must be a function/,
  });
  assert.throws(() => runSync(plain, 5 as unknown as typeof reporter), {
    message: /^run: reporter must be an object/,
  });
  const text = "d /tmp/x 0777" as unknown as Parameters<typeof checkSync>[0];
  assert.throws(() => checkSync(text), {
    name: "TypeError",
    message: /^check: options must be an object such as/,
  });
  assert.throws(() => checkSync({ args: ["\u20ac" as Bytes] }), {
    name: "TypeError",
    message: /^check: options.args must be .* Bytes/,
  });
  assert.deepEqual(checkSync({ args: [bytes("d /run/x")], inline: true }), []);
});

test("a run without a reporter gives its summary", () => {
  const summary = runSync({ operations: ["clean"], args: [bytes("d /nowhere")], inline: true, dryRun: true });
  assert.equal(summary.exitStatus, 0);
});
