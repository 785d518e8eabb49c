/** mayfly create. */
import { verbCommand } from "../verbs/command.js";

export const create = verbCommand({
  operation: "create",
  description: `Creates the files, directories, symlinks, FIFOs and device nodes that are configured in tmpfiles.d(5), and sets
owners, modes, attributes and contents. Existing files are adjusted; they are emptied only by lines that say so.`,
  examples: [
    ["mayfly create --dry-run", "Show what is missing or differs on this host"],
    ["mayfly create nginx.conf", "Create what one file declares"],
    ["mayfly create --inline 'd /run/app 0750 app app'", "One line, without a file"],
    ["mayfly create --root=/mnt/new -E", "Prepare a tree that another system will boot"],
  ],
});
