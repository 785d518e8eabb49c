/** The options that only the verbs have. */
import type { Option, Values } from "../options.js";

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

const AD_HOC = "Ad-hoc cleaning";

export const AD_HOC_OPTIONS = [
  {
    name: "older-than",
    value: "AGE",
    group: AD_HOC,
    help: "Remove what is in each PATH and older than AGE, for example 10d or 12h, without configuration",
    more: "A file PATH is itself removed once it is old. The directory PATH always stays.",
  },
  {
    name: "age-by",
    value: "LETTERS",
    group: AD_HOC,
    help: "Timestamps to go by: a, b, c, m for files and A, B, C, M for directories",
    more: "Access, birth, change and modification. An entry is kept if one of them is newer than AGE. Default: abcmABM, as in **tmpfiles.d**(5).",
  },
  { name: "keep-first-level", group: AD_HOC, help: "Keep the entries directly in each PATH" },
  {
    name: "exclude",
    value: "GLOB",
    multiple: true,
    group: AD_HOC,
    help: "Keep what matches GLOB, relative to each PATH or absolute, and what is below it; may be repeated",
  },
] as const satisfies readonly Option[];

/** What only `mayfly clean` has. */
export type AdHocValues = Values<typeof AD_HOC_OPTIONS>;
