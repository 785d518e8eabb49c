/** k and K lines: file capabilities. */
import type { Bytes } from "../../base/bytes.js";
import { parseCNumber } from "../../base/c-number.js";
import {
  allCapabilities,
  capabilityNumber,
  type FileCapabilities,
  getCapabilities,
  setCapabilities,
} from "../../sys/capabilities.js";
import type { Fd } from "../../sys/files.js";
import { isRegular, type Stat } from "../../sys/inode.js";
import { ItemError } from "../effects/item-error.js";
import { skip } from "../model/attempt.js";
import type { Item, Warn } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { ignoredCapabilities } from "../syntax/wording.js";
import { splitQuoted } from "../syntax/words.js";
import { refuseHardLink } from "./adjust.js";

type Flag = "e" | "i" | "p";

/** A clause of cap_text_formats(7), such as `cap_chown,cap_kill+ep`. */
interface Clause {
  readonly operator: "=" | "+" | "-";
  readonly capabilities: bigint;
  readonly flags: readonly Flag[];
}

export interface CapabilitySpec {
  readonly clauses: readonly Clause[];
  /** Undefined if the line does not specify it. */
  readonly rootUid: number | undefined;
}

/** The three sets while clauses are applied; on the file the third is one flag. */
type Sets = Readonly<Record<Flag, bigint>>;

const OPERATOR = /[=+-]/;
const FLAGS = /^[eip]*$/;
const MOST = 62;
const NONE: FileCapabilities = { permitted: 0n, inheritable: 0n, effective: false, rootUid: 0 };
/** Reserved values: (uid_t) -1, in 32 and 16 bits. */
const INVALID_UIDS = [0xffffffff, 0xffff];

/** `k`, `k+`, `K`, `K+`: sets the capabilities of an existing file, or adds to them. */
export function applyCapabilities(
  run: RunContext,
  item: Item<CapabilitySpec | undefined>,
  fd: Fd,
  path: Bytes,
  stat: Stat,
): void {
  const spec = item.argument;
  if (spec === undefined) return;
  refuseHardLink(fd, path, stat);
  if (!isRegular(stat)) {
    skip(run, item, path, "only regular files have capabilities");
    return;
  }
  const wanted = combined((item.modifiers.force ? getCapabilities(fd) : undefined) ?? NONE, spec);
  if (wanted === undefined) {
    const why = "the capabilities in effect must be none, or all that are permitted or inheritable";
    throw new ItemError("INCONSISTENT_CAPABILITIES", path, why);
  }
  run.effects.change(item, path, "capabilities", written(wanted), () => setCapabilities(fd, wanted));
}

/** Applies the clauses to a file's capabilities. Undefined if the single effective flag cannot express the result. */
export function combined(old: FileCapabilities, spec: CapabilitySpec): FileCapabilities | undefined {
  const all = old.permitted | old.inheritable;
  const before: Sets = { e: old.effective ? all : 0n, i: old.inheritable, p: old.permitted };
  const { e, i, p } = spec.clauses.reduce(applied, before);
  if (e !== 0n && e !== (i | p)) return undefined;
  return { permitted: p, inheritable: i, effective: e !== 0n, rootUid: spec.rootUid ?? old.rootUid };
}

function applied(sets: Sets, { operator, capabilities, flags }: Clause): Sets {
  const one = (flag: Flag): bigint => {
    const isNamed = flags.includes(flag);
    if (isNamed && operator !== "-") return sets[flag] | capabilities;
    return isNamed || operator === "=" ? sets[flag] & ~capabilities : sets[flag];
  };
  return { e: one("e"), i: one("i"), p: one("p") };
}

function written({ permitted, inheritable, effective, rootUid }: FileCapabilities): string {
  const set = (bits: bigint): string => `0x${bits.toString(16)}`;
  const root = rootUid === 0 ? "" : ` rootuid=${rootUid}`;
  return `permitted=${set(permitted)} inheritable=${set(inheritable)} effective=${effective ? 1 : 0}${root}`;
}

/** Parses the clauses of a line. Undefined, after a warning, if one is invalid; the line then has no effect. */
export function parseCapabilities(argument: Bytes, warn: Warn): CapabilitySpec | undefined {
  const clauses: Clause[] = [];
  let rootUid: number | undefined;
  for (const { text, at } of splitQuoted(argument)) {
    const isRoot = text.startsWith("rootuid=");
    const uid = isRoot ? parseUid(text.slice("rootuid=".length)) : undefined;
    const clause = isRoot ? undefined : parseClause(text);
    if (uid === undefined && clause === undefined) {
      warn(ignoredCapabilities(argument, text), at);
      return undefined;
    }
    rootUid = uid ?? rootUid;
    if (clause !== undefined) clauses.push(clause);
  }
  return { clauses, rootUid };
}

function parseUid(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,9})$/.test(text)) return undefined;
  const uid = Number(text);
  return uid > 0xffffffff || INVALID_UIDS.includes(uid) ? undefined : uid;
}

function parseClause(text: Bytes): Clause | undefined {
  const at = text.search(OPERATOR);
  const flags = text.slice(at + 1);
  if (at < 0 || !FLAGS.test(flags)) return undefined;
  const capabilities = parseList(text.slice(0, at));
  if (capabilities === undefined) return undefined;
  return { operator: text[at] as Clause["operator"], capabilities, flags: [...flags] as Flag[] };
}

/** Parses comma-separated names and numbers; an empty text means all capabilities. */
function parseList(list: string): bigint | undefined {
  if (list === "") return allCapabilities();
  let capabilities = 0n;
  for (const name of list.split(",").filter((part) => part !== "")) {
    const number = capabilityNumber(name) ?? parseCNumber(name);
    if (name !== "all" && (number === undefined || number > MOST)) return undefined;
    capabilities |= name === "all" ? allCapabilities() : 1n << BigInt(number ?? 0);
  }
  return capabilities;
}
