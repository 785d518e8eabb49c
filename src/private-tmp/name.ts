/** The names of private directories. */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Bytes, basename, toText } from "../base/bytes.js";

/**
 * How a private /tmp's directory is called: `mayfly-private-BOOT-NAME-XXXXXX`. systemd's own prefix would be the wrong
 * one: its stock configuration has `X` lines for it, which age the contents whether or not somebody holds a lock.
 * Without such a line the ageing stops at the lock on the directory.
 */
const PREFIX = "mayfly-private-";
const LEAF = /^(mayfly|systemd)-private-([0-9a-f]{32})-(.+)-([A-Za-z0-9]{6})$/s;
const NAME = /^[A-Za-z0-9_.:@-]{1,128}$/;
const SUFFIX_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export interface PrivateName {
  readonly maker: "mayfly" | "systemd";
  /** The boot's id, in 32 hexadecimal digits. */
  readonly boot: string;
  /** What it was named: with systemd the unit's name. */
  readonly name: Bytes;
  readonly suffix: string;
}

export function isName(name: string): boolean {
  // Digits alone are a process.
  return NAME.test(name) && !/^[0-9]+$/.test(name);
}

/** A name for a command that was given none: its own, as far as a name may hold it. */
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

/** Whether `asked` means this directory: by its name, its name with the suffix, or all of it. */
export function isMeant(leaf: Bytes, asked: Bytes): boolean {
  const parsed = parseLeaf(leaf);
  if (parsed === undefined) return false;
  return asked === parsed.name || asked === `${parsed.name}-${parsed.suffix}` || asked === leaf;
}

let currentBoot: string | undefined;

/** The id of this boot, random(4). */
export function bootId(): string {
  currentBoot ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().replaceAll("-", "");
  return currentBoot;
}
