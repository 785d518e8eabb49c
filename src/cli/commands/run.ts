/** mayfly run: a command with a private /tmp. */
import { escapeForDisplay, toText } from "../../base/bytes.js";
import { type KillMode, runPrivately } from "../../private-tmp/index.js";
import { isTerminal } from "../../sys/terminal.js";
import { defineCommand, UsageError } from "../options.js";
import { privately, RIGHTS, rightsOf, SETUP_FAILED, stdioWith } from "../private.js";
import { SignalForwarding } from "../signal-forwarding.js";

const SHELL = /(^|\/)(sh|bash|dash|zsh|fish|ksh|mksh|busybox|tcsh|csh|ash)$/;

/** Whether a person will type into it: a shell on a terminal, without a script or command of its own. */
function isInteractiveShell([command = "", ...rest]: readonly string[]): boolean {
  return SHELL.test(command) && rest.every((each) => /^-[il]+$/.test(each)) && isTerminal(0);
}

const ISOLATION = "The private /tmp";

export const run = defineCommand({
  name: "run",
  synopsis: "[OPTION]... [--] COMMAND [ARGUMENT]...",
  description:
    "Runs COMMAND with its own /tmp and /var/tmp: empty, mode 1777, hidden from all other users, and removed when COMMAND ends. Terminal, signals, job control and standard streams work as if COMMAND had been started directly.\n\nIt protects COMMAND's temporary files from other users' files, symlinks and eyes. It is not a sandbox.\n\nFiles in the host's /tmp are hidden from COMMAND. If its working directory is one of those, COMMAND starts in /tmp and a notice names the --expose option that shows it.",
  stopsAtOperand: true,
  operands: "command",
  usageStatus: SETUP_FAILED,
  options: [
    {
      name: "mode",
      value: "MODE",
      choices: ["connected", "disconnected"],
      group: ISOLATION,
      help: "Use directories on the host's file systems (connected), or one tmpfs that is not visible outside (disconnected)",
      more: "The default is connected.",
    },
    {
      name: "options",
      short: "o",
      value: "OPTIONS",
      multiple: true,
      group: ISOLATION,
      help: "Mount options: noexec, ro, nosymfollow, nosuid, nodev and their opposites; for a tmpfs also size= and nr_inodes=",
      more: "The default is nosuid,nodev.",
    },
    {
      name: "name",
      value: "NAME",
      group: ISOLATION,
      help: "Name for mayfly ps, enter and --join (default: the name of COMMAND)",
    },
    {
      name: "join",
      value: "NAME|PID",
      completes: "process",
      group: ISOLATION,
      help: "Share the private /tmp with that name or of that process; the last command to exit removes it",
    },
    {
      name: "expose",
      value: "PATH",
      multiple: true,
      completes: "file",
      group: ISOLATION,
      help: "Make this path of the host's /tmp visible inside, for example an ssh-agent's socket",
    },
    {
      name: "best-effort",
      group: ISOLATION,
      help: "If the host refuses namespaces, run COMMAND with the host's /tmp instead of failing",
    },
    ...RIGHTS,
    {
      name: "kill-mode",
      value: "MODE",
      choices: ["process", "mixed", "all"],
      group: "Processes",
      help: "Processes that outlive COMMAND: leave them and their /tmp alone (process), kill them (mixed), or send SIGTERM first (all)",
      more: "The default is process; mayfly reap then removes the directories later.",
    },
    { name: "quiet", short: "q", help: "Do not warn about paths hidden from COMMAND" },
    { name: "verbose", short: "v", help: "Also warn about what only interactive programs use, such as tmux" },
  ],
  examples: [
    ["mayfly run -- make test", "make and all its children use a /tmp that is removed when make ends"],
    [
      "mayfly run -o noexec --mode disconnected -o size=1G -- ./build",
      "a tmpfs of 1 GiB, nothing executable",
    ],
    [
      'mayfly run --expose "$SSH_AUTH_SOCK" -- git push',
      "a private /tmp with the agent's socket in it, if that lies in /tmp",
    ],
  ],
  sections: [
    {
      title: "Exit status",
      text: "That of COMMAND, or 128 plus the number of the signal that ended it. **125** for a usage error, or if the private /tmp could not be set up; COMMAND did not run. **126** if COMMAND cannot be executed. **127** if COMMAND was not found, or is hidden by the private /tmp.",
    },
  ],
  async main({ program, options, operands, stderr }) {
    const [command] = operands;
    if (command === undefined) throw new UsageError("expected a COMMAND");
    using signals = new SignalForwarding();
    // Awaited, since the signals are let go of at the return.
    return await privately(
      { program, stderr, signals, isQuiet: options.quiet },
      escapeForDisplay(command),
      (onNotice, openFiles) =>
        runPrivately(operands.map(toText), {
          ...rightsOf(options),
          ...openFiles,
          onNotice,
          forPerson: options.verbose || isInteractiveShell(operands.map(toText)),
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
