/** The events that effects report. */
import type { Bytes } from "../../base/bytes.js";
import type { Event, InodeKind } from "../../base/events.js";
import type { Stat } from "../../sys/inode.js";
import type { Cause } from "./cause.js";
import { kindOf } from "./kind.js";

type CreatedEvent = Extract<Event, { type: "created" }>;

export interface Created {
  readonly path: Bytes;
  readonly kind: InodeKind;
  readonly target?: Bytes | undefined;
  /** A missing parent directory that was created implicitly. */
  readonly implicit?: boolean;
}

export function createdEvent(
  cause: Cause,
  created: Created,
  outcome: CreatedEvent["outcome"],
  done: boolean,
): CreatedEvent {
  const { path, kind, target, implicit } = created;
  return {
    type: "created",
    path,
    kind,
    outcome,
    ...(target === undefined ? {} : { target }),
    ...(implicit === true ? { implicit } : {}),
    done,
    source: cause.source,
  };
}

/** The event of an inode that was removed to make room for a new one. */
export function clearedEvent(cause: Cause, path: Bytes, stat: Stat, done: boolean): Event {
  return {
    type: "removed",
    path,
    kind: kindOf(stat),
    bytes: Number(stat.allocated),
    operation: "create",
    target: false,
    done,
    source: cause.source,
  };
}
