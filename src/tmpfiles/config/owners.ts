/** Resolves the user and group fields of a line. */
import type { Bytes } from "../../base/bytes.js";
import { type Accounts, parseId } from "../../sys/accounts.js";
import type { Owner } from "../model/item.js";
import { accountLookupFailed, emptyAccount, unknownAccount, type Wording } from "../syntax/wording.js";

/** Why a user or group field is invalid. `tolerable`: no account has that name; otherwise the lookup failed. */
export interface MissingOwner {
  readonly wording: Wording;
  readonly tolerable: boolean;
}

/** The name in a user or group field, without a leading `:`. */
export function ownerName(field: Bytes): Bytes {
  return field.startsWith(":") ? (field.slice(1) as Bytes) : field;
}

/**
 * Parses a user or group field, `[:]name` or `[:]id`. An empty name is never looked up on the host; below a root, it does
 * not exist.
 */
export function ownerReader(
  accounts: Accounts,
  kind: "user" | "group",
  root: Bytes | undefined,
): (field: Bytes) => Owner | MissingOwner {
  return (field) => {
    const onlyCreate = field.startsWith(":");
    const name = ownerName(field);
    if (name === "") return { wording: emptyAccount(kind), tolerable: root !== undefined };
    try {
      const id = parseId(name) ?? accounts[kind](name);
      if (id !== undefined) return { id, onlyCreate };
      return { wording: unknownAccount(kind, name), tolerable: true };
    } catch (error) {
      const why = (error as Error).message;
      return { wording: accountLookupFailed(kind, name, why), tolerable: false };
    }
  };
}
