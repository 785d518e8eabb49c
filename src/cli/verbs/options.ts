/** The options that only the verbs have. */
import type { Option } from "../options.js";

/** What the friendly verbs add. */
export const FRIENDLY = [
  { name: "dry-run", short: "n", help: "Show what would be done, and change nothing" },
  {
    name: "verbose",
    short: "v",
    help: "List each path that is removed, made or changed, and each that is kept, with the reason",
  },
  { name: "quiet", short: "q", help: "Print only what is wrong, and no summary" },
  { name: "json", help: "Print one JSON object a line: each event, and the summary as the last one" },
  { name: "jobs", short: "j", value: "N", help: "Use N threads (default: one for each processor)" },
  { name: "no-index", help: "Look at every entry, and do not use what the last run noted" },
] as const satisfies readonly Option[];
