/** mayfly clean. */
import { verbCommand } from "../verbs/command.js";

export const clean = verbCommand({
  operation: "clean",
  adHoc: true,
  description: `Removes files older than the age that is configured for them in tmpfiles.d(5). Keeps what is in use: locked
files, sockets with a listener, mount points, and paths with a line of their own. A directory is removed once it is empty
and old itself.

With --older-than, no configuration is used: what is in each PATH is removed by its age, with the same care.`,
  files: [
    [
      "/var/cache/mayfly/index, $XDG_CACHE_HOME/mayfly/index, $CACHE_DIRECTORY/index",
      "What the last run saw of each directory, so that the next one need not look at files that cannot be old yet. It can be removed at any time; --no-index does without it.",
    ],
  ],
  examples: [
    ["mayfly clean --dry-run", "Show what would be removed on this host"],
    [
      "mayfly clean --dry-run --user --inline 'e %h/Downloads - - - 30d'",
      "Try a line before you write it to a file",
    ],
    [
      "mayfly clean /srv/scratch --older-than 10d --exclude 'keep*' --dry-run",
      "Clean one directory by age, without configuration",
    ],
    ["mayfly clean --verbose tmp.conf", "Clean by one file, and report why each other entry is kept"],
    ["mayfly clean --json | jq 'select(.type == \"removed\").path'", "Feed another program"],
  ],
});
