/** h and H lines: file attributes, chattr(1). */
import type { Bytes } from "../../base/bytes.js";
import { failedWith, NOT_SUPPORTED, SyscallError } from "../../base/errors.js";
import { ATTRIBUTE_LETTERS, getAttributes, setAttributes } from "../../sys/attributes.js";
import { leavingAtime } from "../../sys/directory.js";
import { type Fd, O_RDONLY, reopen } from "../../sys/files.js";
import { isDirectory, isRegular, type Stat } from "../../sys/inode.js";
import { ItemError } from "../effects/item-error.js";
import { skip } from "../model/attempt.js";
import { ArgumentError, type Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { noFileAttribute, unknownFileAttribute } from "../syntax/wording.js";

/** The attributes that a line changes, and those of them that it sets. */
export interface AttributeSpec {
  readonly mask: number;
  readonly value: number;
}

const ALL = Object.values(ATTRIBUTE_LETTERS).reduce((all, bit) => all | bit, 0);
const DIRECTORY_ONLY = ATTRIBUTE_LETTERS.D ?? 0;

/** `h`, `H`: sets the file attributes of an existing inode. */
export function applyAttributes(
  run: RunContext,
  item: Item<AttributeSpec>,
  fd: Fd,
  path: Bytes,
  stat: Stat,
): void {
  // On a device node the ioctl would reach its driver.
  if (!isRegular(stat) && !isDirectory(stat)) {
    throw new ItemError("WRONG_TYPE", path, "only regular files and directories have file attributes");
  }
  const { mask, value } = item.argument;
  const wanted = isDirectory(stat) ? value : value & ~DIRECTORY_ONLY;
  run.effects.change(item, path, "attributes", hex(wanted), () => {
    using readable = leavingAtime((quiet) => reopen(fd, O_RDONLY | quiet));
    try {
      const missed = setMasked(readable, wanted, mask);
      if (missed !== undefined) skip(run, item, path, missed.why, missed.severity);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      // Many file systems support few attributes or none, which is not worth a warning.
      const severity = failedWith(error, ...NOT_SUPPORTED) ? "debug" : "warning";
      skip(run, item, path, `file attributes cannot be set: ${error.message}`, severity);
    }
  });
}

const hex = (attributes: number): string => `0x${(attributes >>> 0).toString(16).padStart(8, "0")}`;

interface Missed {
  readonly why: string;
  readonly severity: "warning" | "debug";
}

/** Reports the attributes that could not be set; the others have been. */
function setMasked(fd: Fd, value: number, mask: number): Missed | undefined {
  const old = getAttributes(fd);
  const wanted = ((old & ~mask) | (value & mask)) >>> 0;
  if (wanted === old || setAtOnce(fd, wanted) === "set") return undefined;
  const { current, unsupported } = setOneByOne(fd, old, value, mask);
  if (current === wanted) return undefined;
  return {
    why: `some file attributes cannot be set: they are ${hex(current)}, expected ${hex(wanted)}`,
    severity: unsupported ? "debug" : "warning",
  };
}

/** btrfs silently drops attributes that it cannot set, so this reads them back. */
function setAtOnce(fd: Fd, wanted: number): "set" | "dropped" | "unsupported" {
  try {
    setAttributes(fd, wanted);
    return getAttributes(fd) === wanted ? "set" : "dropped";
  } catch (error) {
    if (failedWith(error, "EINVAL", ...NOT_SUPPORTED)) return "unsupported";
    throw error;
  }
}

/** Attributes can conflict, such as compression with no-copy-on-write, so this sets them one by one. */
function setOneByOne(
  fd: Fd,
  old: number,
  value: number,
  mask: number,
): { readonly current: number; readonly unsupported: boolean } {
  let current = old;
  let unsupported = false;
  for (let bit = 0; bit < 32; bit++) {
    const one = (1 << bit) >>> 0;
    if ((mask & one) === 0) continue;
    const next = ((current & ~one) | (value & one)) >>> 0;
    if (next === current) continue;
    const outcome = setAtOnce(fd, next);
    if (outcome === "set") current = getAttributes(fd);
    else if (outcome === "unsupported") unsupported = true;
  }
  return { current, unsupported };
}

/** Parses `[+-=]letters`, with the letters of chattr(1). */
export function parseAttributes(argument: Bytes): AttributeSpec {
  const operator = /^[+=-]/.exec(argument)?.[0] ?? "";
  const letters = argument.slice(operator.length);
  if (letters === "" && operator !== "=") throw new ArgumentError(noFileAttribute(), operator.length);
  let mask = 0;
  for (const [index, letter] of [...letters].entries()) {
    const bit = Object.hasOwn(ATTRIBUTE_LETTERS, letter) ? ATTRIBUTE_LETTERS[letter] : undefined;
    if (bit === undefined)
      throw new ArgumentError(unknownFileAttribute(letter as Bytes), operator.length + index);
    mask |= bit;
  }
  return { mask: operator === "=" ? ALL : mask, value: operator === "-" ? 0 : mask };
}
