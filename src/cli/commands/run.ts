/** mayfly run: runs a command with a private /tmp. */
import { escapeForDisplay, toText } from "../../base/bytes.js";
import { type KillMode, runPrivately } from "../../private-tmp/index.js";
import { SignalForwarding } from "../../sys/signal-forwarding.js";
import { isTerminal } from "../../sys/terminal.js";
import { defineCommand, UsageError } from "../options.js";
import { privately, RIGHTS, rightsOf, SETUP_FAILED, stdioWith } from "../private.js";

const SHELL = /(^|\/)(sh|bash|dash|zsh|fish|ksh|mksh|busybox|tcsh|csh|ash)$/;

/** Whether COMMAND is an interactive shell: on a terminal, without a script. */
function isInteractiveShell([command = "", ...rest]: readonly string[]): boolean {
  return SHELL.test(command) && rest.every((each) => /^-[il]+$/.test(each)) && isTerminal(0);
}

const ISOLATION = "The private /tmp";

export const run = defineCommand({
  name: "run",
  synopsis: "[OPTION]... [--] COMMAND [ARGUMENT]...",
  description:
    "Runs COMMAND with its own /tmp and /var/tmp: empty, mode 1777, hidden from all other users, and removed when COMMAND ends. Terminal, signals, job control and standard streams work as if COMMAND had been started directly.\n\nThis hides COMMAND's temporary files from other users and protects it from files and symlinks that they create in /tmp. It is not a sandbox.\n\nFiles in the host's /tmp are hidden from COMMAND. If its working directory is hidden, COMMAND starts in /tmp, and a notice suggests the --expose option that makes it visible.",
  stopsAtOperand: true,
  operands: "command",
  usageStatus: SETUP_FAILED,
  options: [
    {
      name: "mode",
      value: "MODE",
      choices: ["connected", "disconnected"],
      group: ISOLATION,
      help: "Use directories on the host's file systems (connected, the default), or a tmpfs that is invisible outside (disconnected)",
    },
    {
      name: "options",
      short: "o",
      value: "OPTIONS",
      multiple: true,
      group: ISOLATION,
      help: "Set mount options: noexec, ro, nosymfollow, nosuid, nodev or their opposites; for a tmpfs also size= and nr_inodes=",
      more: "The default is nosuid,nodev.",
    },
    {
      name: "name",
      value: "NAME",
      group: ISOLATION,
      help: "Set the name for mayfly ps, path, enter and --join (default: the name of COMMAND)",
    },
    {
      name: "join",
      value: "NAME|PID",
      completes: "process",
      group: ISOLATION,
      help: "Share an existing private /tmp, given by name or process; the last command to exit removes it",
    },
    {
      name: "expose",
      value: "PATH",
      multiple: true,
      completes: "file",
      group: ISOLATION,
      help: "Make this path in the host's /tmp visible inside, for example the socket of ssh-agent",
    },
    {
      name: "best-effort",
      group: ISOLATION,
      help: "Run COMMAND with the host's /tmp if the host does not allow namespaces",
    },
    ...RIGHTS,
    {
      name: "kill-mode",
      value: "MODE",
      choices: ["process", "mixed", "all"],
      group: "Processes",
      help: "Leave processes that outlive COMMAND alone (process, the default), kill them (mixed), or send SIGTERM first (all)",
      more: "With process, the directories stay as long as such processes run; mayfly reap removes them afterwards.",
    },
    { name: "quiet", short: "q", help: "Do not warn about paths hidden from COMMAND" },
    {
      name: "verbose",
      short: "v",
      help: "Also warn about hidden paths that only interactive programs use, such as tmux sockets",
    },
  ],
  examples: [
    ["mayfly run -- make test", "Give make and its children a /tmp that is removed when make ends"],
    [
      "mayfly run -o noexec --mode disconnected -o size=1G -- ./build",
      "Use a tmpfs of 1 GiB without executable files",
    ],
    [
      'mayfly run --expose "$SSH_AUTH_SOCK" -- git push',
      "Keep the socket of ssh-agent visible, even if it is in /tmp",
    ],
  ],
  sections: [
    {
      title: "Exit status",
      text: "That of COMMAND, or 128 plus the number of the signal that ended it. **125** if the command line is invalid or the private /tmp could not be set up; COMMAND did not run. **126** if COMMAND cannot be executed. **127** if COMMAND was not found, or is hidden by the private /tmp.",
    },
  ],
  async main({ program, options, operands, stderr }) {
    const [command] = operands;
    if (command === undefined) throw new UsageError("missing COMMAND");
    using signals = new SignalForwarding();
    // Awaited here, since `signals` is disposed on return.
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
