/** Formats the drop-in's debug lines about entries that are kept. */
import type { Bytes } from "../../base/bytes.js";
import { errnoWords } from "../../base/errno-words.js";
import type { Event, KeepReason, TimestampName } from "../../base/events.js";
import { microseconds } from "./timestamp.js";

const TIMESTAMPS: Readonly<Record<TimestampName, string>> = {
  atime: "access time",
  btime: "birth time",
  ctime: "change time",
  mtime: "modify time",
};

/** The debug line of systemd-tmpfiles 262 for an entry that it keeps, or one in the same style if 262 has none. */
export function keptLine(event: Extract<Event, { readonly type: "kept" }>, path: Bytes): string {
  const { reason, kind } = event;
  if (reason.code === "too-new" && reason.timestamp !== undefined && reason.time !== undefined) {
    const what = kind === "directory" || kind === "subvolume" ? "Directory" : "File";
    return `${what} "${path}": ${TIMESTAMPS[reason.timestamp]} ${microseconds(reason.time)} is too new.`;
  }
  if (reason.code === "unreadable" && kind === "directory")
    return `Opening directory "${path}" failed, ignoring: ${errnoWords(reason.detail ?? "") ?? reason.detail}`;
  return LINES[reason.code]?.(path) ?? `Skipping "${path}": ${reasonText(reason)}.`;
}

const LINES: Readonly<Partial<Record<KeepReason["code"], (path: Bytes) => string>>> = {
  "mount-root": (path) => `Ignoring "${path}": different mount points.`,
  "own-line": (path) => `Ignoring "${path}": a separate entry exists.`,
  "own-glob": (path) => `Ignoring "${path}": a separate glob exists.`,
  "lost+found": (path) => `Ignoring directory "${path}".`,
  "too-deep": (path) => `Reached max depth on "${path}".`,
  sticky: (path) => `Skipping "${path}": sticky bit set.`,
  "quota-file": (path) => `Skipping "${path}".`,
  "live-socket": (path) => `Skipping "${path}": live socket.`,
  "device-node": (path) => `Skipping "${path}": a device.`,
  locked: (path) => `Couldn't acquire exclusive BSD lock on file "${path}", skipping.`,
};

function reasonText(reason: KeepReason): string {
  const code = reason.code.replaceAll("-", " ");
  return reason.detail === undefined ? code : `${code} (${reason.detail})`;
}
