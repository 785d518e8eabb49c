/** mayfly with-dir: runs a command with a locked temporary directory. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { bytes, escapeForDisplay, toText } from "../../base/bytes.js";
import { errnoWords } from "../../base/errno-words.js";
import { SignalForwarding } from "../../sys/signal-forwarding.js";
import { mkdtempSync, type TempDir } from "../../temp/index.js";
import { defineCommand, UsageError } from "../options.js";
import { PLACEMENT, placementOf } from "../placement.js";

const NOT_MADE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

export const withDir = defineCommand({
  name: "with-dir",
  synopsis: "[OPTION]... [--] COMMAND [ARGUMENT]...",
  description:
    "Creates a directory that only you can access, runs COMMAND, and removes the directory when COMMAND ends. Each {} in COMMAND is replaced by the path of the directory, which is also in $MAYFLY_DIR. The directory is locked while COMMAND runs, so cleaners skip it and everything in it, regardless of timestamps. COMMAND inherits the lock as file descriptor 3 and keeps it if mayfly is killed.",
  stopsAtOperand: true,
  operands: "command",
  usageStatus: NOT_MADE,
  options: [...PLACEMENT],
  examples: [
    [
      'mayfly with-dir -- sh -c \'tar -xf old.tar -C "$MAYFLY_DIR" && make -C "$MAYFLY_DIR"\'',
      "Protect the unpacked files from cleaners, although their timestamps are old",
    ],
    [
      "mayfly with-dir --large -- sort -T {} -o sorted.txt big.txt",
      "Let sort use a temporary directory in /var/tmp",
    ],
  ],
  sections: [
    {
      title: "Exit status",
      text: "That of COMMAND, or 128 plus the number of the signal that ended it. **125** if the command line is invalid or the directory could not be created; COMMAND did not run. **126** if COMMAND cannot be executed. **127** if COMMAND was not found.",
    },
  ],
  async main({ program, options, operands, stderr }) {
    if (operands.length === 0) throw new UsageError("missing COMMAND");
    const placement = placementOf(options);
    using signals = new SignalForwarding();
    let dir: TempDir;
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
  dir: TempDir,
  [file = "", ...args]: readonly string[],
  signals: SignalForwarding,
  printError: (message: string) => void,
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
    const { code = "", message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "command not found" : (errnoWords(code) ?? message);
    printError(`${escapeForDisplay(bytes(file))}: ${reason}`);
    return code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
}
