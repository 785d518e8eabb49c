/** Describes why an entry is kept. */
import { escapeForDisplay } from "../../base/bytes.js";
import { errnoWords } from "../../base/errno-words.js";
import type { KeepCode, KeepReason, Source, TimestampName } from "../../base/events.js";
import { localTime } from "../../base/time.js";

/** For the summary, after a number: `12 too new`. */
export const SHORT: Readonly<Record<KeepCode, string>> = {
  unreadable: "unreadable",
  "mount-root": "on another file system",
  "own-line": "with a line of their own",
  "own-glob": "matched by a line of their own",
  "lost+found": "lost+found",
  "too-deep": "too deep",
  "unit-kept": "kept as a whole",
  sticky: "sticky",
  "quota-file": "quota files",
  "live-socket": "live sockets",
  "device-node": "device nodes",
  locked: "locked",
  open: "in use by a process",
  "first-level": "at the first level (~)",
  "too-new": "too new",
  "within-budget": "within the budget",
  "not-empty": "not empty",
  indexed: "too new according to the index",
};

const TIMESTAMPS: Readonly<Record<TimestampName, string>> = {
  atime: "read",
  btime: "created",
  ctime: "changed",
  mtime: "modified",
};

/** Why one entry is kept, as text. */
export function reasonText(reason: KeepReason): string {
  switch (reason.code) {
    case "too-new":
      return `too new${stamp(reason)}`;
    case "own-line":
    case "own-glob":
      return `has a line of its own${reason.by === undefined ? "" : ` (${sourceText(reason.by)})`}`;
    case "unreadable":
      return `unreadable${reason.detail === undefined ? "" : ` (${errnoWords(reason.detail) ?? reason.detail})`}`;
    case "locked":
      return reason.detail === undefined
        ? "locked by a process (flock)"
        : `possibly locked: flock(2) fails (${errnoWords(reason.detail) ?? reason.detail})`;
    case "unit-kept":
      return `kept as a whole: ${reason.detail === "." ? "it" : reason.detail} is kept${stamp(reason)}`;
    case "sticky":
      return "sticky bit set";
    case "live-socket":
      return socketText(reason.detail);
    case "mount-root":
      return "another file system is mounted here";
    case "within-budget":
      return "old, but the directory is within its budget without it";
    case "first-level":
      return "at the first level, kept by ~";
    default:
      return `${SHORT[reason.code]}${reason.detail === undefined ? "" : ` (${reason.detail})`}`;
  }
}

function socketText(use: string | undefined): string {
  if (use === undefined) return "a process listens on this socket";
  if (use.startsWith("pid ")) return `a process in another namespace listens on this socket (${use})`;
  return `a process that cannot be inspected may listen on this socket (${use})`;
}

function stamp({ timestamp, time }: KeepReason): string {
  if (timestamp === undefined || time === undefined) return "";
  return `, ${TIMESTAMPS[timestamp]} ${localTime(time)}`;
}

/** `/usr/lib/tmpfiles.d/tmp.conf:3`, or the file alone if there is no line. */
export function sourceText({ file, line }: Pick<Source, "file" | "line">): string {
  return line > 0 ? `${escapeForDisplay(file)}:${line}` : escapeForDisplay(file);
}
