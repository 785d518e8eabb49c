/** Arguments are checked before anything is done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, explainSync, forecast, forecastSync, watch } from "#src/inspect/index.js";
import { enter, locate, locateSync, reap, reapSync, runPrivately as run } from "#src/private-tmp/index.js";

type Call = (...args: readonly unknown[]) => unknown;

const WRONG: readonly (readonly [call: unknown, args: readonly unknown[], message: RegExp])[] = [
  ...[explain, explainSync].flatMap(
    (call) =>
      [
        [call, [], /^explain: paths must be a path.*, or an array/],
        [call, [[5]], /^explain: paths must be/],
        [call, [""], /^explain: paths must be a path.*, not ""$/],
        [call, ["/tmp", "x"], /^explain: options must be an object such as \{ config, at, .*, not "x"$/],
        [call, ["/tmp", { At: 1n }], /^explain: unknown option "At" \(did you mean "at"\?\)$/],
        [call, ["/tmp", { at: 1 }], /^explain: options.at must be a bigint .* nanoseconds, not 1$/],
        [call, ["/tmp", { version: "252" }], /^explain: options.version must be 252 or 262, not "252"$/],
        [call, ["/tmp", { config: "x.conf" }], /^explain: options.config must be an array/],
        [call, ["/tmp", { user: 0 }], /^explain: options.user must be true or false/],
        [call, ["/tmp", { onDiagnostic: 1 }], /^explain: options.onDiagnostic must be a function/],
      ] as const,
  ),
  ...[forecast, forecastSync].flatMap(
    (call) =>
      [
        [call, [5], /^forecast: paths must be/],
        [call, [[], { within: 14 }], /^forecast: options.within must be a bigint/],
        [call, [[], { days: 14 }], /^forecast: unknown option "days" \(expected config, at, /],
        [call, [[], { onProgress: true }], /^forecast: options.onProgress must be a function/],
      ] as const,
  ),
  [forecast, [[], { signal: {} }], /^forecast: options.signal must be an AbortSignal/],
  [forecast, [[], { stop: {} }], /^forecast: unknown option "stop"/],
  [watch, [], /^watch: paths must be/],
  [watch, [{}], /^watch: paths must be/],
  [watch, ["/tmp", { signal: 1 }], /^watch: options.signal must be an AbortSignal/],
  [watch, ["/tmp", { without: ["ebpf"] }], /^watch: options.without must be an array, each .* "bpf", /],
  [watch, ["/tmp", { onEvent: () => {} }], /^watch: unknown option "onEvent" \(expected signal, /],
  [run, ["ls"], /^runPrivately: command must be an array, each of its elements a string, not "ls"$/],
  [run, [["ls"], null], /^runPrivately: options must be an object such as .*, not null$/],
  [run, [["ls"], { mode: "private" }], /^runPrivately: options.mode must be "connected" or "disconnected"/],
  [run, [["ls"], { killmode: "all" }], /^runPrivately: unknown option "killmode" \(did you mean "killMode"/],
  [run, [["ls"], { expose: "/tmp/x" }], /^runPrivately: options.expose must be an array/],
  [run, [["ls"], { join: -1 }], /^runPrivately: options.join must be a PID, or the name/],
  [run, [["ls"], { stdio: "none" }], /^runPrivately: options.stdio must be as for child_process.spawn/],
  [run, [["ls"], { openFiles: 10 }], /^runPrivately: options.openFiles must be a bigint above 0/],
  [run, [["ls"], { user: 0 }], /^runPrivately: options.user must be a string/],
  [enter, [{}, ["ls"]], /^enter: asked must be a PID, or the name/],
  [enter, ["web", "ls"], /^enter: command must be an array/],
  [enter, ["web", ["ls"], { mode: "connected" }], /^enter: unknown option "mode" \(expected user, /],
  [enter, ["web", ["ls"], { dieWithParent: 1 }], /^enter: options.dieWithParent must be true or false/],
  ...[locate, locateSync].flatMap(
    (call) =>
      [
        [call, [], /^locate: asked must be a PID/],
        [call, ["web", { target: 1 }], /^locate: options.target must be a string/],
      ] as const,
  ),
  ...[reap, reapSync].map(
    (call) =>
      [call, [{ dryrun: true }], /^reap: unknown option "dryrun" \(did you mean "dryRun"\?\)$/] as const,
  ),
];

for (const [call, args, message] of WRONG) {
  test(`${(call as Call).name} refuses: ${message.source}`, async () => {
    await assert.rejects(async () => (call as Call)(...args), { name: "TypeError", message });
  });
}

test("one path needs no array", () => {
  const [explanation] = explainSync("/tmp/x");
  assert.equal(explanation?.path, "/tmp/x");
});
