import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { toText } from "../../base/bytes.js";
import { SignalForwarding } from "../../private-tmp/signals.js";
import { type LockedDir, mkdtempSync } from "../../temp/directory.js";
import { defineCommand, UsageError } from "../options.js";
import { PLACEMENT, placementOf } from "../placement.js";

const NOT_MADE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

export const withDir = defineCommand({
  name: "with-dir",
  synopsis: "[OPTION]... [--] COMMAND [ARGUMENT]...",
  description:
    "Makes a directory that only you can use, runs COMMAND with its path in place of each {} and in $MAYFLY_DIR, and removes it when COMMAND ends. A lock is held as long as COMMAND lives, so that cleaners pass by the directory and all that is in it, however old it looks; COMMAND has the lock too, as file descriptor 3, and keeps it should mayfly be killed.",
  stopsAtOperand: true,
  operands: "command",
  usageStatus: NOT_MADE,
  options: [...PLACEMENT],
  examples: [
    [
      'mayfly with-dir -- sh -c \'tar -xf old.tar -C "$MAYFLY_DIR" && make -C "$MAYFLY_DIR"\'',
      "files keep their old times, and are still there when make gets to them",
    ],
    ["mayfly with-dir --large -- git clone --bare URL {}", "below /var/tmp"],
  ],
  sections: [
    {
      title: "Exit status",
      text: "That of COMMAND, or 128 and the number of the signal that ended it. **125** where the directory could not be made, **126** where COMMAND can't be executed, **127** where there is no such command.",
    },
  ],
  async main({ program, options, operands, stderr }) {
    if (operands.length === 0) throw new UsageError("there is no command to run");
    const placement = placementOf(options, undefined);
    using signals = new SignalForwarding();
    let dir: LockedDir;
    try {
      dir = mkdtempSync({ ...placement, prefix: "mayfly-" });
    } catch (error) {
      stderr.write(`${program}: ${(error as Error).message}\n`);
      return NOT_MADE;
    }
    await using made = dir;
    const command = operands.map((operand) => toText(operand).replaceAll("{}", made.path));
    return await runIn(made, command, signals, (message) => stderr.write(`${program}: ${message}\n`));
  },
});

async function runIn(
  dir: LockedDir,
  [file = "", ...args]: readonly string[],
  signals: SignalForwarding,
  complain: (message: string) => void,
): Promise<number> {
  const child = spawn(file, args, {
    stdio: ["inherit", "inherit", "inherit", dir.fd],
    env: { ...process.env, MAYFLY_DIR: dir.path },
  });
  signals.to((signal) => child.kill(signal));
  try {
    const [status, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return status ?? 128 + constants.signals[signal ?? "SIGKILL"];
  } catch (error) {
    complain((error as Error).message);
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
}
