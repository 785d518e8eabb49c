/** The stamp as a file: JSON, with times in nanoseconds as text, since they do not fit JavaScript's numbers. */
import type { Nanoseconds } from "../../base/time.js";
import type { Stamp } from "../schedule/stamp.js";

const VERSION = 1;

export function stampText({ bootId, succeeded, ...times }: Stamp): string {
  const given = Object.entries(times).filter(([, time]) => time !== undefined);
  const texts = Object.fromEntries(given.map(([name, time]) => [name, String(time)]));
  return `${JSON.stringify({ version: VERSION, bootId, succeeded, ...texts })}\n`;
}

/** Undefined if the text is not a stamp. */
export function parseStamp(text: string): Stamp | undefined {
  const { version, bootId, succeeded, ...times } = parsed(text);
  if (version !== VERSION || typeof bootId !== "string" || typeof succeeded !== "boolean") return undefined;
  const boot = timeOf(times.boot);
  const age = timeOf(times.age);
  const wall = timeOf(times.wall);
  const began = timeOf(times.began);
  const unsettled = timeOf(times.unsettled ?? "0");
  if (boot === undefined || age === undefined || wall === undefined) return undefined;
  if (began === undefined || unsettled === undefined) return undefined;
  const stamp = { bootId, succeeded, boot, age, wall, began };
  return times.unsettled === undefined ? stamp : { ...stamp, unsettled };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A count of nanoseconds that fits 64 bits. */
function timeOf(value: unknown): Nanoseconds | undefined {
  return typeof value === "string" && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}
