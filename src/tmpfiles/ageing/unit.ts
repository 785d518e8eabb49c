/** Looks through a directory that is removed as a whole or not at all. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import type { KeepReason } from "../../base/events.js";
import { address, errno, errnoName, type FdNumber } from "../../sys/ffi.js";
import { closeNumber, openForListing } from "../../sys/scan.js";
import type { Detail, Environment } from "./entry-context.js";
import type { EntryCursor } from "./entry-cursor.js";
import { DIRECTORY_POST_VISIT, firstGuard, reasonOf } from "./guards.js";
import { dryRunWalkEffects } from "./walk-effects.js";
import type { WalkListener } from "./walk-listener.js";
import type { Base, WalkParts } from "./walk-options.js";

/** Makes a walk: here, so that this file need not import the one that imports it. */
export type MakeWalk = (parts: WalkParts) => { start(base: Base): { readonly stays: number } };

const DOT = Buffer.from(".\0");

/** What keeps the entry, an open directory, as a whole; undefined if all of it would be removed. */
export function unitKeeper(
  parts: WalkParts,
  entry: EntryCursor,
  environment: Environment,
  makeWalk: MakeWalk,
): Detail | undefined {
  if (entry.fd === undefined) return undefined;
  const guard = firstGuard(ITSELF, entry, environment);
  if (guard !== undefined) return detailOf(".", reasonOf(guard, entry, environment));
  const fd = openForListing(entry.fd, address(DOT));
  if (fd === undefined) return { detail: errnoName(errno()) };
  try {
    return keptInside(parts, entry, fd, makeWalk);
  } finally {
    closeNumber(fd);
  }
}

/** `~` keeps the directory itself, not what is in it. */
const ITSELF = DIRECTORY_POST_VISIT.filter(({ code }) => code !== "first-level");

function keptInside(
  parts: WalkParts,
  entry: EntryCursor,
  fd: FdNumber,
  makeWalk: MakeWalk,
): Detail | undefined {
  const path = entry.path();
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
  const rule = { ...entry.within.rule, wholeUnits: false };
  const base = {
    fd,
    path,
    stat: entry.stat,
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
