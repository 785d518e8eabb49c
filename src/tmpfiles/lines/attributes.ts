import { type Bytes, show } from "../../base/bytes.js";
import { failedWith, NOT_SUPPORTED, SyscallError } from "../../base/errors.js";
import { ATTRIBUTE_LETTERS, getAttributes, setAttributes } from "../../sys/attributes.js";
import { type Fd, O_NOATIME, O_RDONLY, reopen } from "../../sys/files.js";
import { isDirectory, isRegular, type Stat, statx } from "../../sys/inode.js";
import { skip } from "../attempt.js";
import { ItemError } from "../hands/item-error.js";
import { openExact } from "../hands/parents.js";
import type { Item } from "../item.js";
import { ArgumentError, type Handler } from "../line-type.js";
import { overTree } from "../over-tree.js";
import type { Run } from "../run.js";

/** The attributes that a line touches, and those of them that it sets. */
export interface AttributeWish {
  readonly mask: number;
  readonly value: number;
}

const ALL = Object.values(ATTRIBUTE_LETTERS).reduce((all, bit) => all | bit, 0);
const DIRECTORY_ONLY = ATTRIBUTE_LETTERS.D ?? 0;

/** `h`: the attributes of chattr(1). */
export const setFileAttributes: Handler = (run, item, path) => {
  using fd = openExact(run.root, path);
  apply(run, item, fd, path, statx(fd));
};

/** `H`: of all that lies below too. */
export const setTreeFileAttributes: Handler = (run, item, path) => {
  overTree(run, item, path, (fd, at, stat) => apply(run, item, fd, at, stat));
};

function apply(run: Run, item: Item, fd: Fd, path: Bytes, stat: Stat): void {
  // On a device node the ioctl would reach its driver.
  if (!isRegular(stat) && !isDirectory(stat)) {
    throw new ItemError("WRONG_TYPE", path, "only files and directories have attributes");
  }
  const { mask, value } = item.argument as AttributeWish;
  const wanted = isDirectory(stat) ? value : value & ~DIRECTORY_ONLY;
  run.hands.change(item, path, "attributes", `0x${(wanted >>> 0).toString(16).padStart(8, "0")}`, () => {
    using readable = reopen(fd, O_RDONLY | O_NOATIME);
    try {
      const refused = setMasked(readable, wanted, mask);
      if (refused !== undefined) skip(run, item, path, refused, "warning");
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      skip(run, item, path, `its attributes can't be set: ${error.message}`, "warning");
    }
  });
}

/** Returns why some could not be set; the others are. */
function setMasked(fd: Fd, value: number, mask: number): string | undefined {
  const old = getAttributes(fd);
  const wanted = ((old & ~mask) | (value & mask)) >>> 0;
  if (wanted === old || setAtOnce(fd, wanted)) return undefined;
  const current = setOneByOne(fd, old, value, mask);
  if (current === wanted) return undefined;
  return `not all attributes could be set: they are 0x${current.toString(16)}, and not 0x${wanted.toString(16)}`;
}

/** btrfs drops in silence what it can't set, so a second look decides. */
function setAtOnce(fd: Fd, wanted: number): boolean {
  try {
    setAttributes(fd, wanted);
    return getAttributes(fd) === wanted;
  } catch (error) {
    if (failedWith(error, "EINVAL", ...NOT_SUPPORTED)) return false;
    throw error;
  }
}

/** One attribute can stand in the way of another, as compression in that of no-copy-on-write. */
function setOneByOne(fd: Fd, old: number, value: number, mask: number): number {
  let current = old;
  for (let bit = 0; bit < 32; bit++) {
    const one = (1 << bit) >>> 0;
    if ((mask & one) === 0) continue;
    const next = ((current & ~one) | (value & one)) >>> 0;
    if (next !== current && setAtOnce(fd, next)) current = getAttributes(fd);
  }
  return current;
}

/** `[+-=]letters`, chattr(1)'s own letters. */
export function parseAttributes(argument: Bytes): AttributeWish {
  const operator = /^[+=-]/.exec(argument)?.[0] ?? "";
  const letters = argument.slice(operator.length);
  if (letters === "" && operator !== "=") throw new ArgumentError("no attribute is named", operator.length);
  let mask = 0;
  for (const [index, letter] of [...letters].entries()) {
    const bit = Object.hasOwn(ATTRIBUTE_LETTERS, letter) ? ATTRIBUTE_LETTERS[letter] : undefined;
    if (bit === undefined)
      throw new ArgumentError(
        `unknown file attribute "${show(letter as Bytes)}" (see chattr(1))`,
        operator.length + index,
      );
    mask |= bit;
  }
  return { mask: operator === "=" ? ALL : mask, value: operator === "-" ? 0 : mask };
}
