import { type Bytes, show } from "../../base/bytes.js";
import { type Accounts, parseId } from "../../sys/accounts.js";
import type { Owner } from "../item.js";

/** Why a user or group field names nobody. `tolerable`: there is none of that name; else it could not even be asked. */
export interface MissingOwner {
  readonly message: string;
  readonly tolerable: boolean;
}

/**
 * Reads the user or the group field, `[:]name` or `[:]id`. The host is never asked for an empty name; below a root there is
 * just none of that name.
 */
export function ownerReader(
  accounts: Accounts,
  kind: "user" | "group",
  root: Bytes | undefined,
): (field: Bytes) => Owner | MissingOwner {
  return (field) => {
    const onlyCreate = field.startsWith(":");
    const name = onlyCreate ? (field.slice(1) as Bytes) : field;
    if (name === "") return { message: `the name of the ${kind} is empty`, tolerable: root !== undefined };
    try {
      const id = parseId(name) ?? accounts[kind](name);
      if (id !== undefined) return { id, onlyCreate };
      return { message: `there is no ${kind} "${show(name)}"`, tolerable: true };
    } catch (error) {
      const why = (error as Error).message;
      return { message: `the ${kind} "${show(name)}" can't be looked up: ${why}`, tolerable: false };
    }
  };
}
