/** mayfly enter: runs a command in another process's private /tmp. */
import { escapeForDisplay, toText } from "../../base/bytes.js";
import { enter as enterPrivate } from "../../private-tmp/index.js";
import { SignalForwarding } from "../../sys/signal-forwarding.js";
import { defineCommand, UsageError } from "../options.js";
import { privately, RIGHTS, rightsOf, SETUP_FAILED, stdioWith } from "../private.js";

export const enter = defineCommand({
  name: "enter",
  synopsis: "[OPTION]... NAME|PID [--] COMMAND [ARGUMENT]...",
  description:
    "Runs COMMAND in the mount namespace of the process PID, or of a process in the private /tmp NAME, so that it sees the same files. Terminal, signals and exit status work as with mayfly run.\n\nNAME matches only private /tmps that root or you created. If root enters a process whose mounts another user controls, COMMAND runs as that user and without your environment, since that user chooses the programs that COMMAND finds; a notice reports it. --user overrides this.",
  stopsAtOperand: true,
  operands: "process",
  usageStatus: SETUP_FAILED,
  options: [...RIGHTS],
  examples: [
    ["mayfly enter web -- ls -la /tmp", "Show /tmp as the command that mayfly run started as web sees it"],
  ],
  sections: [
    {
      title: "Exit status",
      text: "That of COMMAND, or 128 plus the number of the signal that ended it. **125** if the command line is invalid, or the private /tmp was not found or cannot be entered; COMMAND did not run. **126** if COMMAND cannot be executed. **127** if COMMAND was not found.",
    },
  ],
  async main({ program, options, operands, stderr }) {
    const [asked, ...rest] = operands;
    const argv = rest[0] === "--" ? rest.slice(1) : rest;
    const [command] = argv;
    if (asked === undefined || !command) throw new UsageError("expected NAME or PID, and a COMMAND");
    using signals = new SignalForwarding();
    // Awaited here, since `signals` is disposed on return.
    return await privately(
      { program, stderr, signals, isQuiet: false },
      escapeForDisplay(command),
      (onNotice, openFiles) =>
        enterPrivate(toText(asked), argv.map(toText), {
          ...rightsOf(options),
          ...openFiles,
          onNotice,
          stdio: stdioWith(options["pass-fds"]),
        }),
    );
  },
});
