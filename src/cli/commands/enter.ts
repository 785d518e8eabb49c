/** mayfly enter: runs a command in the private /tmp of another process. */
import { escapeForDisplay, toText } from "../../base/bytes.js";
import { enter as enterPrivate } from "../../private-tmp/index.js";
import { defineCommand, UsageError } from "../options.js";
import { privately, RIGHTS, rightsOf, SETUP_FAILED, stdioWith } from "../private.js";
import { SignalForwarding } from "../signal-forwarding.js";

export const enter = defineCommand({
  name: "enter",
  synopsis: "[OPTION]... NAME|PID [--] COMMAND [ARGUMENT]...",
  description:
    "Runs COMMAND in the mount namespace of that process, or of a process in the private /tmp with that name, so that it sees what that process sees. Terminal, signals and exit status are the same as with mayfly run.\n\nA name finds only what root or you made. If root enters a process whose mounts another user controls, COMMAND runs as that user and without your environment, and a notice says so: its programs are that user's choice. --user overrides this.",
  stopsAtOperand: true,
  operands: "process",
  usageStatus: SETUP_FAILED,
  options: [...RIGHTS],
  examples: [["mayfly enter nginx.service -- ls -la /tmp", "what the service sees"]],
  sections: [
    {
      title: "Exit status",
      text: "That of COMMAND, or 128 plus the number of the signal that ended it. **125** for a usage error, or if the private /tmp was not found or cannot be entered; COMMAND did not run. **126** if COMMAND cannot be executed, **127** if it was not found.",
    },
  ],
  async main({ program, options, operands, stderr }) {
    const [asked, ...rest] = operands;
    const argv = rest[0] === "--" ? rest.slice(1) : rest;
    const [command] = argv;
    if (asked === undefined || command === undefined)
      throw new UsageError("expected NAME or PID, and a COMMAND");
    using signals = new SignalForwarding();
    // Awaited, since the signals are let go of at the return.
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
