import { verbCommand } from "../verbs/command.js";

export const clean = verbCommand({
  operation: "clean",
  description: `Removes what is older than the age that its line in tmpfiles.d(5) allows, and keeps what is in use: what a
program holds a lock on, sockets with a listener, what has a line of its own, mount points. A directory goes when it is
empty and old itself.`,
  files: [
    [
      "/var/cache/mayfly/index, $XDG_CACHE_HOME/mayfly/index, $CACHE_DIRECTORY/index",
      "What the last run saw of each directory, so that the next one need not look at files that cannot be old yet. It can be removed at any time; --no-index does without it.",
    ],
  ],
  examples: [
    ["mayfly clean --dry-run", "What would go, on this host, by its own configuration"],
    [
      "mayfly clean --dry-run --user --inline 'e %h/Downloads - - - 30d'",
      "Try a line before you write it to a file",
    ],
    ["mayfly clean --verbose tmp.conf", "Clean by one file, and say of each entry that stays why it does"],
    ["mayfly clean --json | jq 'select(.type == \"removed\").path'", "Feed another program"],
  ],
});
