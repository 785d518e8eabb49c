import type { Section } from "#src/cli/options.js";

/** The texts of mayfly(1) that are not in the tables of commands. */
export const OVERVIEW: { readonly description: string; readonly sections: readonly Section[] } = {
  description: `**mayfly** manages temporary files. It creates, cleans and removes files as tmpfiles.d(5) describes, with the configuration
of systemd-tmpfiles(8), on hosts with or without systemd. It also runs commands with a private /tmp.

It runs as root over directories that anyone may write to. It works on directory file descriptors, never on a path that was
checked before; it follows no symlink that the specification does not follow; and it refuses paths that an unprivileged user
could have redirected.

Started under the name **systemd-tmpfiles**, through a symlink, it behaves as that program: see **mayfly-tmpfiles**(1).`,
  sections: [
    {
      title: "Exit status",
      text: `**0** on success; **64** (EX_USAGE) if the command line is invalid, or **1** in **mayfly tmpfiles**; **65** (EX_DATAERR) if
lines of the configuration are invalid and were ignored; **73** (EX_CANTCREAT) if something could not be done; **1** on any
other failure. Commands that run another command exit with its status.`,
    },
    {
      title: "Names of files",
      text: `File names are bytes. On a terminal, control characters and bytes that are not UTF-8 are printed as C escape sequences
(\\n, \\x1b), so that no name can control the terminal. With **--json**, a path is text. If its bytes are not UTF-8, a second
field, with Base64 appended to its name, contains the bytes.`,
    },
    {
      title: "Environment",
      text: `**NO_COLOR**, if set and not empty, and **TERM**=dumb disable colours. **FORCE_COLOR** enables them in a pipe.

**MAYFLY_DEBUG**, if set, adds the stack trace to the error that ends a command.`,
    },
  ],
};
