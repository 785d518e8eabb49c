/** Explains the diagnostics of loading: why they matter, and what to write instead. */
import type { Diagnostic } from "../../base/errors.js";
import { consequenceOf } from "../syntax/diagnostics.js";

export interface FindingText {
  /** What kind of thing it is. */
  readonly title: string;
  /** What happens because of it. */
  readonly why: string;
  /** What to write instead. */
  readonly fix: string;
}

export const DUPLICATE_AT_BOOT = "duplicate-at-boot";

const NOTES: Readonly<Record<string, FindingText>> = {
  duplicate: {
    title: "Conflicting line for the same path",
    why: "Only the first line for a path applies; this one is ignored.",
    fix: "Remove one of the lines. To override a line, put the other into a file whose name sorts earlier.",
  },
  [DUPLICATE_AT_BOOT]: {
    title: "Line is ignored at boot",
    why: `At boot a line with "!" for the same path comes first, so this line is ignored then, and systemd-tmpfiles reports it at each boot.`,
    fix: "If that is intended, nothing. Otherwise give both lines the same mode, owner and age.",
  },
  "bad-pragma": {
    title: "Pragma is invalid",
    why: "It is unknown what it should keep, so the age of the line after it is not applied. systemd-tmpfiles ignores pragmas.",
    fix: "Use the pragmas of docs/tmpfiles.md, each once, before the line that they are for.",
  },
  "var-run": {
    title: "Path below /var/run",
    why: "/var/run is a legacy symlink to /run. Lines for /var/run and for /run are not recognized as the same path.",
    fix: "Write /run.",
  },
  "ignored-argument": {
    title: "Part of the argument is ignored",
    why: "It cannot be parsed; the rest of the line applies without it.",
    fix: "Correct that part of the argument.",
  },
  "unresolved-specifier": {
    title: "Specifier has no value here",
    why: "The line is skipped as long as this host has no value for the specifier.",
    fix: "Set up what the specifier stands for, or write the value.",
  },
  "changed-mode": {
    title: "Special mode bits are dropped",
    why: "The owner they are meant for is unknown.",
    fix: "Create the account first.",
  },
  "dangling-link": {
    title: "Configuration file is a dangling symlink",
    why: "The file is ignored, and does not mask files of the same name.",
    fix: "Point the link to a file, or to /dev/null to mask files of the same name.",
  },
};

const CONSEQUENCES = {
  none: "",
  invalid: "systemd-tmpfiles ignores the line and exits with status 65.",
  failed:
    "systemd-tmpfiles reads no more of this file, and exits with status 1 if the file is named on the command line.",
  aborted: "If the file is named on the command line, systemd-tmpfiles does nothing and exits with status 1.",
  unreadable: "The file is ignored.",
} as const;

const FIXES: Readonly<Record<string, string>> = {
  "bad-quote": 'Close the quote, or escape it as \\".',
  "bad-escape": "Write a literal backslash as \\\\.",
  "missing-path": "Write at least a type and a path: d /run/example 0755 root root -",
  "missing-type": "Start the line with a type, for example d.",
  "unknown-modifier": "Use only the modifiers + ! - = ~ ^ $ ?",
  "unknown-type": "Use a line type of tmpfiles.d(5).",
  "unknown-specifier": "Use a specifier of tmpfiles.d(5), or write % as %%.",
  "relative-path": "Write an absolute path. In user configuration %h is the home directory.",
  "argument-not-taken": "Remove the argument, and quote a path that contains blanks.",
  "argument-missing": "Add the argument as the last field, after the age.",
  "bad-argument": "Correct the argument as tmpfiles.d(5) describes it for this type.",
  "base64-not-taken": `Remove the "~".`,
  "purge-not-taken": `Remove the "$".`,
  "if-source-exists-not-taken": `Remove the "?".`,
  "first-level-not-taken": `Remove the "~" before the age.`,
  "relative-source": "Write an absolute path.",
  "unknown-user": "Create the user first, for example with systemd-sysusers, or correct the name.",
  "unknown-group": "Create the group first, for example with systemd-sysusers, or correct the name.",
  "bad-mode": "Write up to four octal digits, for example 0755.",
  "bad-age": "Write a time span, for example 10d or 1h 30min in quotes.",
  "bad-age-by": "Use letters of abcmABCM before the colon, for example mM:10d.",
  "line-too-long": "Split the line; for long contents use a C line, or a credential.",
  "path-too-long": "Shorten the path to less than 4,096 bytes.",
  "argument-too-long": "Shorten the argument to less than 4,096 bytes.",
  "too-many-alternatives": "Write several lines with fewer alternatives each.",
  "broken-specifier": "Repair the file that the specifier is read from, or write the value.",
  "bad-base64": "Encode the contents with base64(1), without blanks.",
  "bad-credential": "Name a credential that is readable and whose name is valid.",
  "unreadable-file": "Check the path and its permissions.",
};

/** The finding for a diagnostic. */
export function explanationOf(diagnostic: Diagnostic): FindingText {
  const note = NOTES[diagnostic.code];
  if (note !== undefined) return note;
  const why = CONSEQUENCES[consequenceOf(diagnostic)];
  const title = diagnostic.line === 0 ? "Configuration cannot be read" : "Line is invalid";
  return { title, why, fix: FIXES[diagnostic.code] ?? "Correct the line." };
}
