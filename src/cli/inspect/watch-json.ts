/** Formats the events of a watch as JSON. */
import { isUtf8, toBuffer, toText } from "../../base/bytes.js";
import { utcTime } from "../../base/time.js";
import type { Abilities, Actor, Victim, WatchEvent } from "../../inspect/index.js";
import { userName } from "../../sys/accounts.js";
import { line as jsonLine, pathJson, sourceJson } from "../verbs/json.js";

type Json = { readonly [key: string]: unknown };

/** The first line: the watch has started, and reports all later events. */
export function readyJson({ events, naming, removals, directories, missing, notices }: Abilities): string {
  const absent = missing.map((path) => pathJson("path", path));
  return jsonLine({ type: "ready", events, naming, removals, directories, missing: absent, notices });
}

/** The last line: how many events were not reported one by one. */
export function endJson(left: {
  readonly unwritten: number;
  readonly folded: number;
  readonly lost: number;
}) {
  return jsonLine({ type: "end", ...left });
}

/** One event as one line. */
export function watchJson(event: WatchEvent): string {
  const {
    time,
    op,
    path,
    kind,
    to,
    from,
    actor,
    victim,
    line,
    lineUnknown,
    decisive,
    advice,
    folded,
    count,
  } = event;
  return jsonLine({
    type: "event",
    time: utcTime(time),
    op,
    ...pathJson("path", path),
    ...(kind !== undefined && { kind }),
    ...(to === undefined ? {} : pathJson("to", to)),
    ...(from === undefined ? {} : pathJson("from", from)),
    ...(folded !== undefined && { folded }),
    ...(count !== undefined && { count }),
    actor: actorJson(actor),
    victim: victim === undefined ? null : victimJson(victim),
    source: line === undefined ? null : sourceJson(line),
    ...(lineUnknown !== undefined && { sourceUnknown: lineUnknown }),
    ...(decisive !== undefined && { decisive: { ...decisive, time: utcTime(decisive.time) } }),
    ...(advice !== undefined && { advice }),
  });
}

function actorJson({ pid, source: via, parent, exe, cmdline, truncated, uid, unit, container }: Actor): Json {
  return {
    pid,
    exe: null,
    ...(exe === undefined ? {} : pathJson("exe", exe)),
    cmdline: cmdline?.map(toText) ?? null,
    ...(cmdline?.every(isUtf8) === false && {
      cmdlineBase64: cmdline.map((word) => toBuffer(word).toString("base64")),
    }),
    ...(truncated === true && { truncated }),
    ...(parent !== undefined && { parent }),
    ...(uid !== undefined && { uid, user: userText(uid) }),
    unit: null,
    ...(unit === undefined ? {} : pathJson("unit", unit)),
    ...(container === undefined ? {} : pathJson("container", container)),
    via,
  };
}

function victimJson({ kind, size, uid, atime, mtime, ctime, btime }: Victim): Json {
  return {
    kind,
    size: Number(size),
    uid,
    atime: utcTime(atime),
    mtime: utcTime(mtime),
    ctime: utcTime(ctime),
    btime: btime === undefined ? null : utcTime(btime),
  };
}

/** The user's name, or the number if there is no name. */
export function userText(uid: number): string {
  return toText(userName(uid));
}
