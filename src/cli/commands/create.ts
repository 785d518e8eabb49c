import { verbCommand } from "../verbs/command.js";

export const create = verbCommand({
  operation: "create",
  description: `Creates the files, directories, symlinks, pipes and devices that lines in tmpfiles.d(5) declare, and sets
owners, modes, attributes and contents. What is there already is adjusted, and never emptied without being told to.`,
  examples: [
    ["mayfly create --dry-run", "What is missing or differs on this host"],
    ["mayfly create nginx.conf", "Create what one file declares"],
    ["mayfly create --inline 'd /run/app 0750 app app'", "One line, without a file"],
    ["mayfly create --root=/mnt/new -E", "Furnish a tree that another system will boot"],
  ],
});
