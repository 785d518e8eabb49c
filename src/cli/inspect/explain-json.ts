/** Formats an explanation as JSON. */
import { utcTime } from "../../base/time.js";
import type { Explanation, Reason, User } from "../../inspect/index.js";
import { line as jsonLine, pathJson, sourceJson } from "../verbs/json.js";

type Json = { readonly [key: string]: unknown };

/** One path as one line. */
export function explanationJson(explained: Explanation): string {
  const { path, exists, verdict, line, expires, nextRun, timestamps, uses } = explained;
  return jsonLine({
    type: "explanation",
    ...pathJson("path", path),
    exists,
    verdict,
    scope: explained.user ? "user" : "system",
    expires: expires === undefined ? null : utcTime(expires),
    nextRun: nextRun === undefined ? null : utcTime(nextRun),
    timer: explained.timer ?? null,
    source: line === undefined ? null : sourceJson(line),
    reasons: explained.reasons.map(reasonJson),
    timestamps: timestamps.map(({ time, ...rest }) => ({ ...rest, time: utcTime(time) })),
    decisive: explained.decisive ?? null,
    others: explained.others.map(sourceJson),
    boot: explained.boot === undefined ? null : sourceJson(explained.boot),
    locks: uses.flocks.map(userJson),
    unprotected: explained.unprotected,
    advice: explained.advice,
    notices: explained.notices,
  });
}

function reasonJson({ code, at, timestamp, time, by, detail }: Reason): Json {
  return {
    code,
    ...pathJson("at", at),
    ...(timestamp !== undefined && { timestamp }),
    ...(time !== undefined && { time: utcTime(time) }),
    ...(by !== undefined && { by: sourceJson(by) }),
    ...(detail !== undefined && { detail }),
  };
}

function userJson({ pid, program }: User): Json {
  return { pid, ...(program === undefined ? {} : pathJson("program", program)) };
}
