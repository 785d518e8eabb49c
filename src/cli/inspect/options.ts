import type { Bytes } from "../../base/bytes.js";
import type { CleanerVersion } from "../../inspect/index.js";

/** The options of what asks about ageing. */
export const INSPECTED = [
  {
    name: "config",
    value: "FILE",
    multiple: true,
    completes: "config",
    help: "Go by this configuration file instead of the host's configuration; may be given again",
  },
  {
    name: "at",
    value: "TIME",
    help: "Judge as of this moment: a date, @SECONDS since the epoch, or +SPAN from now",
  },
  {
    name: "assume-version",
    value: "VERSION",
    choices: ["252", "262"],
    help: "The version of systemd whose cleaner the host runs",
    more: "262 is the default, whose ways are Mayfly's own. 252 heeds no locks on files, lets X inherit an age without what it goes by, and removes nothing by the age of r and R.",
  },
  { name: "json", help: "Print an object a line, for programs" },
] as const;

export function versionOf(text: Bytes | undefined): CleanerVersion {
  return text === "252" ? 252 : 262;
}
