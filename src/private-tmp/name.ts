/** Builds and parses the names of private directories. */
import { randomInt } from "node:crypto";
import { type Bytes, basename, toText } from "../base/bytes.js";
import { currentBootId } from "../sys/boot.js";

/**
 * The name of a private directory is `mayfly-private-BOOT-NAME-XXXXXX`. systemd's prefix is not used: the stock
 * configuration has `X` lines for it, under which the contents are aged even if the directory is locked. Without such a
 * line, ageing stops at a locked directory.
 */
const PREFIX = "mayfly-private-";
const LEAF = /^(mayfly|systemd)-private-([0-9a-f]{32})-(.+)-([A-Za-z0-9]{6})$/s;
const NAME = /^[A-Za-z0-9_.:@-]{1,128}$/;
const SUFFIX_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export interface PrivateName {
  readonly maker: "mayfly" | "systemd";
  /** The boot ID, as 32 hexadecimal digits. */
  readonly boot: string;
  /** The name that was given to it; for systemd, that of the unit. */
  readonly name: Bytes;
  readonly suffix: string;
}

export function isName(name: string): boolean {
  // Digits alone would be a PID.
  return NAME.test(name) && !/^[0-9]+$/.test(name);
}

/** The default name: that of the command, without characters that a name must not have. */
export function nameFor(command: string): string {
  const own = toText(basename(command as Bytes)).replace(/[^A-Za-z0-9_.:@-]+/g, "_");
  return own.slice(0, 64) || "command";
}

export function newLeaf(name: string): Bytes {
  let suffix = "";
  while (suffix.length < 6) suffix += SUFFIX_LETTERS[randomInt(SUFFIX_LETTERS.length)];
  return `${PREFIX}${bootId()}-${name}-${suffix}` as Bytes;
}

export function parseLeaf(leaf: Bytes): PrivateName | undefined {
  const [, maker, boot, name, suffix] = LEAF.exec(leaf) ?? [];
  if (boot === undefined || name === undefined || suffix === undefined) return undefined;
  return { maker: maker === "mayfly" ? "mayfly" : "systemd", boot, name: name as Bytes, suffix };
}

/** Whether `asked` is this directory's name, its name with the suffix, or its full name. */
export function isMeant(leaf: Bytes, asked: Bytes): boolean {
  const parsed = parseLeaf(leaf);
  if (parsed === undefined) return false;
  return asked === parsed.name || asked === `${parsed.name}-${parsed.suffix}` || asked === leaf;
}

let currentBoot: string | undefined;

/** The ID of the current boot, random(4). */
export function bootId(): string {
  currentBoot ??= currentBootId().replaceAll("-", "");
  return currentBoot;
}
