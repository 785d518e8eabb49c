import type { Command } from "./options.js";

/** A command in the list of `mayfly --help`; its module is only loaded where it runs, so that start-up stays short. */
export interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command, in the order of the help: to add one, write its module below commands/ and its row here. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  // The tmpfiles.d engine.
  clean: {
    summary: "Remove what is older than its line allows",
    load: async () => (await import("./commands/clean.js")).clean,
  },
  create: {
    summary: "Create and adjust what lines declare",
    load: async () => (await import("./commands/create.js")).create,
  },
  remove: {
    summary: "Remove what lines name for removal",
    load: async () => (await import("./commands/remove.js")).remove,
  },
  purge: {
    summary: "Remove what lines marked with $ have created",
    load: async () => (await import("./commands/purge.js")).purge,
  },
  check: {
    summary: "Find what is wrong in configuration, and what is likely not meant",
    load: async () => (await import("./commands/check.js")).check,
  },
  tmpfiles: {
    summary: "Do as systemd-tmpfiles does, option for option",
    load: async () => (await import("./commands/tmpfiles.js")).tmpfiles,
  },

  // Safe temporary files.
  mktemp: {
    summary: "Make a temporary file or directory, safely",
    load: async () => (await import("./commands/mktemp.js")).mktemp,
  },
  "with-dir": {
    summary: "Run a command with a temporary directory that no cleaner takes",
    load: async () => (await import("./commands/with-dir.js")).withDir,
  },

  // A private /tmp.
  run: {
    summary: "Run a command that has its own /tmp and /var/tmp",
    load: async () => (await import("./commands/run.js")).run,
  },
  ps: {
    summary: "List every private /tmp on the host, and whose it is",
    load: async () => (await import("./commands/ps.js")).ps,
  },
  path: {
    summary: "Print where on the host a private /tmp is",
    load: async () => (await import("./commands/path.js")).path,
  },
  enter: {
    summary: "Run a command in the private /tmp of another",
    load: async () => (await import("./commands/enter.js")).enter,
  },
  reap: {
    summary: "Remove private directories that nobody uses any more",
    load: async () => (await import("./commands/reap.js")).reap,
  },

  // Looking into things.
  explain: {
    summary: "Tell whether ageing will remove a path, when, and why",
    load: async () => (await import("./commands/explain.js")).explain,
  },
  forecast: {
    summary: "Show what the next runs will remove, by day and by line",
    load: async () => (await import("./commands/forecast.js")).forecast,
  },
  watch: {
    summary: "Tell live what is removed, and by whom",
    load: async () => (await import("./commands/watch.js")).watch,
  },
};

export function commandNamed(name: string): Entry | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}
