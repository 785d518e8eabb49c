/** Runs call after call of the drop-in in one process: starting node a thousand times would be most of the time. */
import { type Bytes, bytes } from "#src/base/bytes.js";
import { tmpfiles } from "#src/cli/commands/tmpfiles.js";
import { parseOptions } from "#src/cli/getopt.js";
import type { Sink } from "#src/cli/sink.js";
import type { Call, Outcome } from "./program.js";

function memory(): Sink & { text(): string } {
  const chunks: Buffer[] = [];
  return {
    isTerminal: false,
    columns: undefined,
    write: (text) => void chunks.push(Buffer.from(text as string)),
    flush: () => undefined,
    text: () => Buffer.concat(chunks).toString("latin1"),
  };
}

async function obey(call: Call): Promise<Outcome> {
  const output = memory();
  Object.assign(process.env, call.environment);
  try {
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
