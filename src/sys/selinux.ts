import type { Bytes } from "../base/bytes.js";
import type { Fd } from "./files.js";

export function withCreationLabel<Result>(_path: Bytes, _type: number, make: () => Result): Result {
  return make();
}

export function restoreLabel(
  _fd: Fd,
  _path: Bytes,
  _change: (label: string, act: () => void) => void,
): void {}
