import type { Option } from "../options.js";

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
