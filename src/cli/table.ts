/** The table of all commands, in the order in which the help lists them. */
import type { Command } from "./options.js";

/** A command in the list of `mayfly --help`. Its module is loaded only when the command runs, which keeps the start short. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** To add a command, write its module in commands/ and add its row here. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  // The tmpfiles.d engine.
  clean: {
    summary: "Remove files older than their configured age",
    load: async () => (await import("./commands/clean.js")).clean,
  },
  create: {
    summary: "Create files and directories and set permissions as configured",
    load: async () => (await import("./commands/create.js")).create,
  },
  remove: {
    summary: "Remove paths marked for removal (r, R and D lines)",
    load: async () => (await import("./commands/remove.js")).remove,
  },
  purge: {
    summary: "Remove what lines marked with $ have created",
    load: async () => (await import("./commands/purge.js")).purge,
  },
  serve: {
    summary: "Clean on schedule, for containers and hosts without a scheduler",
    load: async () => (await import("./commands/serve.js")).serve,
  },
  install: {
    summary: "Install jobs that set this host up at boot and clean it daily",
    load: async () => (await import("./commands/install.js")).install,
  },
  uninstall: {
    summary: "Remove what install installed, and put back what was there before",
    load: async () => (await import("./commands/uninstall.js")).uninstall,
  },
  check: {
    summary: "Check configuration for errors and likely mistakes",
    load: async () => (await import("./commands/check.js")).check,
  },
  tmpfiles: {
    summary: "Run as systemd-tmpfiles, with the same options",
    load: async () => (await import("./commands/tmpfiles.js")).tmpfiles,
  },
  scratch: {
    summary: "Clean one large tree from many hosts at once",
    load: async () => (await import("./commands/scratch.js")).scratch,
  },

  // Safe temporary files.
  mktemp: {
    summary: "Create a temporary file or directory safely",
    load: async () => (await import("./commands/mktemp.js")).mktemp,
  },
  "with-dir": {
    summary: "Run a command with a temporary directory that cleaners skip",
    load: async () => (await import("./commands/with-dir.js")).withDir,
  },

  // A private /tmp.
  run: {
    summary: "Run a command with its own /tmp and /var/tmp",
    load: async () => (await import("./commands/run.js")).run,
  },
  ps: {
    summary: "List the private /tmps on the host and their owners",
    load: async () => (await import("./commands/ps.js")).ps,
  },
  path: {
    summary: "Print the host path of a private /tmp",
    load: async () => (await import("./commands/path.js")).path,
  },
  enter: {
    summary: "Run a command in another command's private /tmp",
    load: async () => (await import("./commands/enter.js")).enter,
  },
  reap: {
    summary: "Remove private directories that are no longer used",
    load: async () => (await import("./commands/reap.js")).reap,
  },

  // Inspection.
  explain: {
    summary: "Explain whether, when and why ageing will remove a path",
    load: async () => (await import("./commands/explain.js")).explain,
  },
  forecast: {
    summary: "Show what the next cleaner runs will remove, by day and by line",
    load: async () => (await import("./commands/forecast.js")).forecast,
  },
  report: {
    summary: "Show what is in a directory, whose it is, and when it goes, as a page",
    load: async () => (await import("./commands/report.js")).report,
  },
  top: {
    summary: "Show what is in a directory, and when it goes, on the terminal",
    load: async () => (await import("./commands/top.js")).top,
  },
  watch: {
    summary: "Report creations and removals as they happen, with the responsible process",
    load: async () => (await import("./commands/watch.js")).watch,
  },
  audit: {
    summary: "Find unsafe uses of /tmp in source code, units and manifests, and on this host",
    load: async () => (await import("./commands/audit.js")).audit,
  },
  lsp: {
    summary: "Serve editors: problems of tmpfiles.d files and sources, with fixes",
    load: async () => (await import("./commands/lsp.js")).lsp,
  },
};

export function commandNamed(name: string): CommandEntry | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}
