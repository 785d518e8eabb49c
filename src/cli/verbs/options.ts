import type { Option } from "../options.js";

/** Which configuration, and which part of it: the drop-in and the friendly verbs have these in common. */
export const SELECTION = [
  { name: "user", help: "Use the user's own configuration (user-tmpfiles.d) instead of the system's" },
  { name: "boot", help: "Run the lines marked with ! too, which are only safe at boot" },
  { name: "graceful", help: "Pass over lines whose user or group does not exist" },
  {
    name: "prefix",
    value: "PATH",
    multiple: true,
    completes: "directory",
    help: "Run only the lines whose path begins with PATH",
  },
  {
    name: "exclude-prefix",
    value: "PATH",
    multiple: true,
    completes: "directory",
    help: "Leave out the lines whose path begins with PATH",
  },
  { short: "E", help: "Leave out /dev, /proc, /run and /sys" },
  {
    name: "root",
    value: "PATH",
    completes: "directory",
    help: "Work below PATH: its configuration, its accounts, its files",
  },
  {
    name: "image",
    value: "PATH",
    completes: "file",
    help: "Work inside a disk image: a file system, or a GPT with partitions (implies -E)",
  },
  {
    name: "image-policy",
    value: "POLICY",
    help: "Which partitions of the image may be used (systemd.image-policy(7))",
  },
  {
    name: "replace",
    value: "PATH",
    completes: "file",
    help: "Take the operands in place of the configuration file PATH, with its priority",
  },
] as const satisfies readonly Option[];

export const INLINE = {
  name: "inline",
  help: "Take each operand as a line of configuration, not as a file",
} as const satisfies Option;

/** What the friendly verbs add. */
export const FRIENDLY = [
  { name: "dry-run", short: "n", help: "Only say what would be done" },
  {
    name: "verbose",
    short: "v",
    help: "Name each path that is touched, and each that is kept with its reason",
  },
  { name: "json", help: "Print one event a line as JSON, and a summary as the last line" },
  { name: "jobs", short: "j", value: "N", help: "Walk with N workers (as many as there are processors)" },
  { name: "no-index", help: "Look at every entry, whatever the last run has noted" },
] as const satisfies readonly Option[];
