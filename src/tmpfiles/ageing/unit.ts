/** Looks through a directory that is removed as a whole or not at all. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import type { KeepReason } from "../../base/events.js";
import { address, errnoName } from "../../sys/ffi.js";
import { closeNumber, openDirectoryNumber } from "../../sys/scan.js";
import type { DirectoryFrame } from "./directory-frame.js";
import type { Detail, Environment } from "./entry-context.js";
import { DIRECTORY_POST_VISIT, firstGuard, reasonOf } from "./guards.js";
import { dryRunWalkEffects } from "./walk-effects.js";
import type { WalkListener } from "./walk-listener.js";
import type { Base, WalkParts } from "./walk-options.js";

/** Makes a walk: here, so that this file need not import the one that imports it. */
export type MakeWalk = (parts: WalkParts) => { start(base: Base): { readonly stays: number } };

const DOT = Buffer.from(".\0");

/** What keeps the open directory of the frame's entry as a whole; undefined if all of it would be removed. */
export function unitKeeper(
  parts: WalkParts,
  frame: DirectoryFrame,
  environment: Environment,
  makeWalk: MakeWalk,
): Detail | undefined {
  const guard = firstGuard(ITSELF, frame, environment);
  if (guard !== undefined) return detailOf(".", reasonOf(guard, frame, environment));
  const fd = openDirectoryNumber(frame.opened, address(DOT));
  if (fd < 0) return { detail: errnoName(-fd) };
  try {
    return keptInside(parts, frame, fd, makeWalk);
  } finally {
    closeNumber(fd);
  }
}

/** `~` keeps the directory itself, not what is in it. */
const ITSELF = DIRECTORY_POST_VISIT.filter(({ code }) => code !== "first-level");

function keptInside(
  parts: WalkParts,
  frame: DirectoryFrame,
  fd: number,
  makeWalk: MakeWalk,
): Detail | undefined {
  const path = frame.entryPath();
  let first: Detail | undefined;
  const note = (at: Bytes, reason: Pick<KeepReason, "timestamp" | "time">): void => {
    first ??= detailOf(escapeForDisplay(at.slice(path.length + 1) as Bytes), reason);
  };
  const listener: WalkListener = {
    wantsKept: true,
    wantsRemoved: false,
    removed: () => {},
    kept: (at, _, reason) => note(at, reason),
    failed: (at) => note(at, {}),
    progress: () => {},
  };
  const effects = { ...dryRunWalkEffects(), gone: new Set(parts.effects.gone) };
  const alone = { ...parts, effects, listener, scheduler: undefined, observer: undefined, index: undefined };
  const rule = { ...frame.rule, wholeUnits: false };
  const base = {
    fd,
    path,
    stat: frame.stat,
    rule,
    depth: 1,
    restoresTimes: false,
    indexing: false,
    listener,
  };
  return makeWalk(alone).start(base).stays > 0 ? (first ?? { detail: "." }) : undefined;
}

/** Also when it was too new: forecast goes on from there. */
function detailOf(detail: string, { timestamp, time }: Pick<KeepReason, "timestamp" | "time">): Detail {
  return { detail, ...(timestamp !== undefined && time !== undefined && { timestamp, time }) };
}
