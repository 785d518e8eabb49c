import { show, toText } from "../../base/bytes.js";
import { enter as enterPrivate } from "../../private-tmp/index.js";
import { SignalForwarding } from "../../private-tmp/signals.js";
import { defineCommand, UsageError } from "../options.js";
import { privately, RIGHTS, rightsOf, SETUP_FAILED, stdioWith } from "../private.js";

export const enter = defineCommand({
  name: "enter",
  synopsis: "[OPTION]... NAME|PID [--] COMMAND [ARGUMENT]...",
  description:
    "Runs COMMAND so that it sees the private /tmp of that name, or of that process, with all else that is mounted there. Terminal, signals and exit status are as with mayfly run.",
  stopsAtOperand: true,
  operands: "process",
  usageStatus: SETUP_FAILED,
  options: [...RIGHTS],
  examples: [["mayfly enter nginx.service -- ls -la /tmp", "what the service sees"]],
  async main({ program, options, operands, stderr }) {
    const [asked, ...rest] = operands;
    const argv = rest[0] === "--" ? rest.slice(1) : rest;
    const [command] = argv;
    if (asked === undefined || command === undefined)
      throw new UsageError("it takes a name or process, and a command");
    using signals = new SignalForwarding();
    // Awaited, since the signals are let go of at the return.
    return await privately(
      { program, stderr, signals, isQuiet: false },
      show(command),
      (_onNotice, openFiles) =>
        enterPrivate(toText(asked), argv.map(toText), {
          ...rightsOf(options),
          ...openFiles,
          stdio: stdioWith(options["pass-fds"]),
        }),
    );
  },
});
