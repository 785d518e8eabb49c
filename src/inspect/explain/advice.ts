import { type Bytes, show, toText } from "../../base/bytes.js";
import type { TimestampName } from "../../base/events.js";
import { formatTimeSpan } from "../../base/time-span.js";
import type { CleanerVersion } from "./configuration.js";
import type { Explanation } from "./explain.js";

/** What to do to keep the path, and what to do so that it goes. */
export function adviceFor(
  explained: Omit<Explanation, "advice" | "notices">,
  version: CleanerVersion,
): string[] {
  const { verdict, reasons, exists, expires, boot } = explained;
  const path = show(explained.path);
  const advice: string[] = [];
  if (boot !== undefined) {
    advice.push(
      `\`${toText(boot.text)}\` removes it at boot, whatever its age: make it elsewhere, as below /run, or add \`x\` for it`,
    );
  }
  if (verdict === "remove" || expires !== undefined) {
    advice.push(
      ...keepingAdvice(explained.path, verdict === "remove" ? explained.decisive : undefined, version),
    );
  }
  if (!exists && expires !== undefined && explained.age !== undefined) {
    advice.push(`a file made here now is kept for ${formatTimeSpan(explained.age)} from its last use`);
  }
  if (reasons.some(({ code }) => code === "no-line")) {
    advice.push(`no line cleans it: for that, add \`e ${path} - - - 10d\``);
  }
  return advice;
}

function lockAdvice(path: string, version: CleanerVersion): string {
  if (version === 252)
    return `or hold a flock(2) on a directory around it while it is in use (252 heeds none on files): flock ${path} COMMAND`;
  return `or hold a flock(2) on it, or on a directory around it, while it is in use: flock ${path} COMMAND`;
}

/** How an entry is kept from the next run; `decisive` is the timestamp that it was too old by. */
export function keepingAdvice(
  path: Bytes,
  decisive: TimestampName | undefined,
  version: CleanerVersion = 262,
): string[] {
  const advice = [
    `to keep it, add \`x ${show(path)}\` to a file in /etc/tmpfiles.d`,
    lockAdvice(show(path), version),
  ];
  if (decisive === undefined) return advice;
  return [
    ...advice,
    `its newest timestamp that counts is ${decisive}: what is unpacked with old timestamps is old at once; unpack without them (tar -m), or touch it`,
  ];
}
