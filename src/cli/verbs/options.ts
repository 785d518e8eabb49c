/** The options that clean, create, remove and purge have and the drop-in does not. */
import type { Option, Values } from "../options.js";

export const FRIENDLY = [
  { name: "dry-run", short: "n", help: "Show what would be done without changing anything" },
  {
    name: "verbose",
    short: "v",
    help: "List each path that is removed, created or changed, and each that is kept, with the reason",
  },
  { name: "quiet", short: "q", help: "Print only errors and warnings" },
  { name: "json", help: "Print one JSON object per line: each event, then a summary" },
  { name: "jobs", short: "j", value: "N", help: "Use N threads (default: one per processor)" },
  { name: "no-index", help: "Examine every entry, and neither use nor update the index of previous runs" },
  {
    name: "metrics-file",
    value: "FILE",
    help: "Add the results to FILE, in Prometheus' text format for the textfile collector of node_exporter",
    more: "FILE is replaced atomically. Counters continue from its previous content. Use the same FILE for the runs of different commands.",
  },
] as const satisfies readonly Option[];

const AD_HOC = "Ad-hoc cleaning";

export const AD_HOC_OPTIONS = [
  {
    name: "older-than",
    value: "AGE",
    group: AD_HOC,
    help: "Clean the contents of each PATH that are older than AGE (such as 10d or 12h), without configuration",
    more: "If PATH is a file, it is removed itself once it is old enough. If PATH is a directory, it is kept.",
  },
  {
    name: "age-by",
    value: "LETTERS",
    group: AD_HOC,
    help: "Select the timestamps that decide: a, b, c, m for files and A, B, C, M for directories",
    more: "The letters stand for access, birth, change and modification. An entry is kept if one of these timestamps is newer than AGE. Default: abcmABM, as in **tmpfiles.d**(5).",
  },
  { name: "keep-first-level", group: AD_HOC, help: "Keep the entries directly in each PATH" },
  {
    name: "exclude",
    value: "GLOB",
    multiple: true,
    group: AD_HOC,
    help: "Keep paths that match GLOB (absolute, or relative to each PATH) and everything below; may be repeated",
  },
] as const satisfies readonly Option[];

/** The options that only `mayfly clean` has. */
export type AdHocValues = Values<typeof AD_HOC_OPTIONS>;
