/** mayfly clean: removes files older than their configured age. */
import { verbCommand } from "../verbs/command.js";

export const clean = verbCommand({
  operation: "clean",
  adHoc: true,
  description: `Removes files older than the age that is configured for them in tmpfiles.d(5). Keeps locked files, sockets
with a listener, mount points, and paths that have a line of their own. A directory is removed once it is empty and old
enough itself.

With --older-than, the contents of each PATH are cleaned by age without configuration, with the same protections.`,
  files: [
    [
      "/var/cache/mayfly/index, $XDG_CACHE_HOME/mayfly/index, $CACHE_DIRECTORY/index",
      "The index of previous runs, which lets a run skip files that cannot be old enough yet. It can be removed at any time; --no-index disables it.",
    ],
  ],
  examples: [
    ["mayfly clean --dry-run", "Show what would be removed on this host"],
    [
      "mayfly clean --dry-run --user --inline 'e %h/Downloads - - - 30d'",
      "Try out a line before you write it to a file",
    ],
    [
      "mayfly clean /srv/scratch --older-than 10d --exclude 'keep*' --dry-run",
      "Clean one directory by age, without configuration",
    ],
    ["mayfly clean --verbose tmp.conf", "Apply one file, and report why entries are kept"],
    [
      "mayfly clean --json | jq 'select(.type == \"removed\").path'",
      "Pass the removed paths to another program",
    ],
  ],
});
