import { show, toText } from "../../base/bytes.js";
import { type KillMode, run as runPrivately } from "../../private-tmp/index.js";
import { SignalForwarding } from "../../private-tmp/signals.js";
import { defineCommand, UsageError } from "../options.js";
import { privately, RIGHTS, rightsOf, SETUP_FAILED, stdioWith } from "../private.js";

const ISOLATION = "The private /tmp";

export const run = defineCommand({
  name: "run",
  synopsis: "[OPTION]... [--] COMMAND [ARGUMENT]...",
  description:
    "Runs COMMAND with a /tmp and a /var/tmp of its own: empty, mode 1777, seen by nobody else, and removed when COMMAND ends. Terminal, signals, job control and standard streams are as if COMMAND had been started itself.\n\nIt keeps other users' names, symlinks and eyes out of COMMAND's temporary files. It is no sandbox.",
  stopsAtOperand: true,
  operands: "command",
  usageStatus: SETUP_FAILED,
  options: [
    {
      name: "mode",
      value: "MODE",
      choices: ["connected", "disconnected"],
      group: ISOLATION,
      help: "Directories on the host's file systems (connected), or one tmpfs that nobody outside sees (disconnected)",
      more: "connected is the default.",
    },
    {
      name: "options",
      short: "o",
      value: "OPTIONS",
      multiple: true,
      group: ISOLATION,
      help: "Mount options: noexec, ro, nosymfollow, nosuid, nodev, their opposites; of a tmpfs size= and nr_inodes=",
      more: "nosuid and nodev are the default.",
    },
    {
      name: "name",
      value: "NAME",
      group: ISOLATION,
      help: "What mayfly ps calls it; the command's own name if not given",
    },
    {
      name: "join",
      value: "NAME|PID",
      completes: "process",
      group: ISOLATION,
      help: "Share the private /tmp of that name or process; the last one out removes it",
    },
    {
      name: "expose",
      value: "PATH",
      multiple: true,
      completes: "file",
      group: ISOLATION,
      help: "Show this path of the host's /tmp inside too, as the socket of an ssh-agent",
    },
    {
      name: "best-effort",
      group: ISOLATION,
      help: "Where the host refuses namespaces, run COMMAND with the host's /tmp instead of not at all",
    },
    ...RIGHTS,
    {
      name: "kill-mode",
      value: "MODE",
      choices: ["process", "mixed", "all"],
      group: "Processes",
      help: "What outlives COMMAND: is left alone with its /tmp (process), is killed (mixed), or is asked to end first (all)",
      more: "process is the default; mayfly reap then removes the directories later.",
    },
    { name: "quiet", short: "q", help: "Do not tell what COMMAND will miss" },
  ],
  examples: [
    ["mayfly run -- make test", "make and all it starts use a /tmp that goes when make ends"],
    [
      "mayfly run -o noexec --mode disconnected -o size=1G -- ./build",
      "a tmpfs of 1 GiB, nothing executable",
    ],
    ['mayfly run --expose "$SSH_AUTH_SOCK" -- git push', "a private /tmp with the agent's socket in it"],
  ],
  sections: [
    {
      title: "Exit status",
      text: "That of COMMAND, or 128 and the number of the signal that ended it. **125** where the private /tmp could not be set up; nothing was run then. **126** where COMMAND can't be executed, **127** where there is no such command.",
    },
  ],
  async main({ program, options, operands, stderr }) {
    const [command] = operands;
    if (command === undefined) throw new UsageError("there is no command to run");
    using signals = new SignalForwarding();
    // Awaited, since the signals are let go of at the return.
    return await privately(
      { program, stderr, signals, isQuiet: options.quiet },
      show(command),
      (onNotice, openFiles) =>
        runPrivately(operands.map(toText), {
          ...rightsOf(options),
          ...openFiles,
          onNotice,
          mode: options.mode === "disconnected" ? "disconnected" : "connected",
          mountOptions: options.options.map(toText),
          expose: options.expose.map(toText),
          killMode: (options["kill-mode"] ?? "process") as KillMode,
          bestEffort: options["best-effort"],
          stdio: stdioWith(options["pass-fds"]),
          ...(options.name === undefined ? {} : { name: toText(options.name) }),
          ...(options.join === undefined ? {} : { join: toText(options.join) }),
        }),
    );
  },
});
