import type { Section } from "#src/cli/options.js";

/** What the tables do not say: the overview of mayfly(1). */
export const OVERVIEW: { readonly description: string; readonly sections: readonly Section[] } = {
  description: `**mayfly** looks after temporary files: it creates, cleans and removes what tmpfiles.d(5) says, as
systemd-tmpfiles(8) does and with the same configuration, on hosts with or without systemd; and it gives a command a
/tmp of its own.

It runs as root over directories that anybody may write to. It works on directory file descriptors and never on a path
that was checked before, follows no symlink that the specification does not follow, and refuses where an unprivileged
user could have led it astray.

Started under the name **systemd-tmpfiles**, by a symlink, it is that program: see **mayfly-tmpfiles**(1).`,
  sections: [
    {
      title: "Exit status",
      text: `**0** when all went well; **64** (EX_USAGE) when the command line is wrong, and **1** in **mayfly tmpfiles**;
**65** (EX_DATAERR) when configuration has errors, so that lines were left out, and nothing else failed; **73**
(EX_CANTCREAT) when something could not be carried out; **1** when anything else failed. Commands that run another command
pass its exit status on.`,
    },
    {
      title: "Names of files",
      text: `A file name is bytes. On a terminal, control characters, and bytes that are not UTF-8, are shown as escape
sequences in the manner of C (\\n, \\x1b), so that no name can work on the terminal. With **--json** a path is text; where
its bytes are not UTF-8, a second field, with Base64 appended to its name, has the bytes.`,
    },
    {
      title: "Environment",
      text: `**NO_COLOR**, where it is set and not empty, and **TERM**=dumb turn colours off; **FORCE_COLOR** turns them on
for a pipe.

**MAYFLY_DEBUG**, where it is set, has the stack printed of an error that ends a command.`,
    },
  ],
};
