import type { Source } from "../../base/events.js";
import type { Explanation, Reason, User } from "../../inspect/index.js";
import { line as jsonLine, pathJson, timeJson } from "../verbs/json.js";

type Json = { readonly [key: string]: unknown };

/** One path as one line. */
export function explanationJson(explained: Explanation): string {
  const { path, exists, verdict, line, expires, nextRun, timestamps, uses } = explained;
  return jsonLine({
    ...pathJson("path", path),
    exists,
    verdict,
    expires: expires === undefined ? null : timeJson(expires),
    nextRun: nextRun === undefined ? null : timeJson(nextRun),
    timer: explained.timer ?? null,
    line: line === undefined ? null : lineJson(line),
    reasons: explained.reasons.map(reasonJson),
    timestamps: timestamps.map(({ time, ...rest }) => ({ ...rest, time: timeJson(time) })),
    decisive: explained.decisive ?? null,
    others: explained.others.map(lineJson),
    boot: explained.boot === undefined ? null : lineJson(explained.boot),
    locks: uses.flocks.map(userJson),
    unprotected: explained.unprotected,
    advice: explained.advice,
    notices: explained.notices,
  });
}

export function lineJson({ file, line, text }: Source): Json {
  return { ...pathJson("file", file), number: line, ...pathJson("text", text) };
}

function reasonJson({ code, at, timestamp, time, by, detail }: Reason): Json {
  return {
    code,
    ...pathJson("at", at),
    ...(timestamp !== undefined && { timestamp }),
    ...(time !== undefined && { time: timeJson(time) }),
    ...(by !== undefined && { by: lineJson(by) }),
    ...(detail !== undefined && { detail }),
  };
}

function userJson({ pid, program }: User): Json {
  return { pid, ...(program === undefined ? {} : pathJson("program", program)) };
}
