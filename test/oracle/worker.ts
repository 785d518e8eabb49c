/** Runs the drop-in repeatedly in one process, because starting Node a thousand times would take most of the time. */
import { type Bytes, bytes } from "#src/base/bytes.js";
import { tmpfiles } from "#src/cli/commands/tmpfiles.js";
import { type ConfigValues, configOptionsOf, refusalOf } from "#src/cli/config-options.js";
import { openLog } from "#src/cli/drop-in/log.js";
import { dropInReporter } from "#src/cli/drop-in/reporter.js";
import { parseOptions } from "#src/cli/getopt.js";
import type { OutputStream } from "#src/cli/output-stream.js";
import { dryRunWalkEffects } from "#src/tmpfiles/ageing/walk-effects.js";
import { loadItemsSync } from "#src/tmpfiles/config/items.js";
import { runSync } from "#src/tmpfiles/index.js";
import type { RunOptions } from "#src/tmpfiles/model/options.js";
import { type RunItemsOptions, runItems } from "#src/tmpfiles/run/run.js";
import type { Call, Outcome, Settled } from "./program.js";

const OPERATIONS = ["create", "clean", "remove", "purge"] as const;

function memory(): OutputStream & { text(): string } {
  const chunks: Buffer[] = [];
  return {
    isTerminal: false,
    problem: undefined,
    closed: false,
    columns: undefined,
    write: (text) => void chunks.push(Buffer.from(text as string)),
    flush: () => undefined,
    text: () => Buffer.concat(chunks).toString("latin1"),
  };
}

/** The drop-in has no option for threads and index: such a call goes past it to the engine, with the same selection. */
function runSettled(call: Call, settled: Settled, output: OutputStream): number {
  const { options, operands } = parseOptions(tmpfiles.options, call.args as Bytes[]);
  const values = options as unknown as ConfigValues & Record<string, boolean>;
  const how = { startedAs: bytes("systemd-tmpfiles"), args: call.args as Bytes[] };
  if (refusalOf(values, operands, { operations: OPERATIONS.filter((name) => values[name]), show: false }))
    return 1;
  const wanted = {
    ...configOptionsOf(values, operands, how),
    operations: OPERATIONS.filter((name) => values[name]),
    dryRun: values["dry-run"] === true,
    jobs: settled.jobs,
    parallelFrom: 0,
    opensAgeless: true,
  };
  const reporter = dropInReporter(openLog(output), false);
  if (settled.index === undefined) return runSync(wanted, reporter).exitStatus;
  const index = bytes(settled.index);
  if (process.getuid?.() === 0) fillIndex({ ...wanted, index });
  return runSync({ ...wanted, index }, reporter).exitStatus;
}

/**
 * The first run, with effects that change nothing: it fills the index. As an ordinary user, it would change access times.
 */
function fillIndex(wanted: RunOptions): void {
  const options: RunItemsOptions = {
    ...wanted,
    operations: ["clean"],
    dryRun: false,
    walkEffects: { ...dryRunWalkEffects(), acts: true },
  };
  runItems(loadItemsSync(options), options, dropInReporter(openLog(memory()), false));
}

async function obey(call: Call): Promise<Outcome> {
  const output = memory();
  Object.assign(process.env, call.environment);
  try {
    if (call.settled !== undefined)
      return { status: runSettled(call, call.settled, output), output: output.text() };
    const { options, operands } = parseOptions(tmpfiles.options, call.args as Bytes[]);
    const status = await tmpfiles.main({
      program: "systemd-tmpfiles",
      options: options as never,
      operands,
      stdout: output,
      stderr: output,
      how: { startedAs: bytes("systemd-tmpfiles"), args: call.args as Bytes[] },
    });
    return { status, output: output.text() };
  } catch (error) {
    return { status: 1, output: `${output.text()}${(error as Error).stack}` };
  }
}

process.umask(0o022);
process.on("message", (call: Call) => {
  void obey(call).then((outcome) => process.send?.(outcome));
});
