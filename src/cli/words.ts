import { type Bytes, show } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { SyscallError } from "../base/errors.js";

/** What went wrong at a path, in one line: the path, the reason in words, and for the expert the call that failed. */
export function failure(path: Bytes, error: Error): string {
  const words = error instanceof SyscallError ? errnoWords(error.code) : undefined;
  const text = words === undefined ? error.message : `${words} (${error.message})`;
  return text.includes(show(path)) && words === undefined ? text : `${show(path)}: ${text}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in units of 1000, to three digits: `1.23 MB`. */
export function size(count: bigint | number): string {
  let value = Number(count);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 ? String(value) : value.toPrecision(3);
  return `${text} ${UNITS[unit]}`;
}

/** `1,234 entries`, `1 entry`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** With its thousands apart: `1,234`. Without Intl, whose first use costs more than a small run. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
