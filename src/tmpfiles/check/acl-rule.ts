/** A rule about ACL entries that the mode of another line masks. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { parseAcl } from "../lines/acl.js";
import type { Item } from "../model/item.js";
import type { Configuration } from "./configuration.js";
import { fieldOf, type Spot } from "./rule.js";

/** `a+` and `A+` keep the mask of the existing ACL; without `+` a new mask is computed. */
export function* maskedAcls(configuration: Configuration): Generator<Spot> {
  const setting = new Map<Bytes, Item[]>();
  for (const item of configuration.all) {
    if (item.mode === undefined || item.mode.onlyCreate || item.type.permissions !== undefined) continue;
    setting.set(item.path, [...(setting.get(item.path) ?? []), item]);
  }
  for (const { source, path, modifiers, type } of configuration.all) {
    if (!modifiers.force || type.parseArgument !== parseAcl) continue;
    const granted = grantedByName(fieldOf(source, "argument") ?? ("" as Bytes));
    const masking = setting.get(path)?.find(({ mode }) => (granted & ~groupBits(mode?.bits ?? 0)) !== 0);
    if (masking?.mode === undefined) continue;
    const where = `${escapeForDisplay(masking.source.file)}:${masking.source.line}`;
    yield {
      source,
      field: "argument",
      detail: `mode 0${masking.mode.bits.toString(8)} (${where}) becomes its mask`,
    };
  }
}

function groupBits(mode: number): number {
  return (mode >> 3) & 7;
}

const BITS: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1, X: 1 };

/** The permissions that entries for individual users and groups grant; none if the line sets a mask itself. */
function grantedByName(argument: Bytes): number {
  const entries = argument.split(",").map((entry) => entry.trim().split(":"));
  if (entries.some(([tag]) => tag === "m" || tag === "mask")) return 0;
  const named = entries.filter(([tag, name]) => /^(u|user|g|group)$/.test(tag ?? "") && name !== "");
  return named.reduce((all, [, , permissions = ""]) => all | permissionBits(permissions), 0);
}

function permissionBits(text: string): number {
  if (/^[0-7]$/.test(text)) return Number(text);
  return [...text].reduce((all, letter) => all | (BITS[letter] ?? 0), 0);
}
