/** mayfly create: creates files and directories and sets their attributes as configured. */
import { verbCommand } from "../verbs/command.js";

export const create = verbCommand({
  operation: "create",
  description: `Creates the files, directories, symlinks, FIFOs and device nodes that are configured in tmpfiles.d(5), and sets
owners, modes, attributes and contents. Adjusts what exists already. Existing contents are replaced only by lines that
request it, such as f+ and w.`,
  examples: [
    ["mayfly create --dry-run", "Show what would be created or changed on this host"],
    ["mayfly create nginx.conf", "Apply one file"],
    ["mayfly create --inline 'd /run/app 0750 app app'", "Apply one line, without a file"],
    ["mayfly create --root=/mnt/new -E", "Prepare a tree that will be booted as another system"],
  ],
});
