/** What the lines of one load are resolved against. */
import { type Bytes, isBelow, normalize } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import { failedWith } from "../../base/errors.js";
import { resolve } from "../../path/resolve.js";
import { hostAccounts, rootAccounts } from "../../sys/accounts.js";
import { DIALECT_262, type Dialect } from "../model/dialect.js";
import type { Owner } from "../model/item.js";
import type { LoadOptions } from "../model/options.js";
import type { Age } from "../syntax/age.js";
import { type FieldProblem, parseAge } from "../syntax/age.js";
import type { Mode } from "../syntax/mode.js";
import { parseMode } from "../syntax/mode.js";
import type { Credentials } from "./credentials.js";
import { type MissingOwner, ownerReader } from "./owners.js";
import { type Expand, expander } from "./specifiers.js";

/** What lines are resolved against. */
export interface ItemContext {
  /** The directory of --root, absolute and simplified; undefined for the host itself. */
  readonly root: Bytes | undefined;
  readonly boot: boolean;
  readonly dialect: Dialect;
  readonly graceful: boolean;
  readonly user: (field: Bytes) => Owner | MissingOwner;
  readonly group: (field: Bytes) => Owner | MissingOwner;
  readonly credentials: Credentials;
  readonly expand: Expand;
  /** Whether a path, which includes the root, exists. Does not follow a symlink in the last component. */
  readonly exists: (path: Bytes) => boolean;
  readonly parseMode: (field: Bytes) => Mode | FieldProblem;
  readonly parseAge: (field: Bytes) => Age | FieldProblem;
  /** Whether --prefix and --exclude-prefix select the path, given without the root. */
  readonly includes: (path: Bytes) => boolean;
  readonly report: (diagnostic: Diagnostic) => void;
}

/** What the lines of one load are resolved against. Expensive lookups are made once. */
export function itemContext(
  options: LoadOptions,
  root: Bytes | undefined,
  credentials: Credentials,
  report: (diagnostic: Diagnostic) => void,
): ItemContext {
  const accounts = root === undefined ? hostAccounts : rootAccounts(root);
  return {
    root,
    boot: options.boot ?? false,
    dialect: options.dialect ?? DIALECT_262,
    graceful: options.graceful ?? false,
    user: remembered(ownerReader(accounts, "user", root)),
    group: remembered(ownerReader(accounts, "group", root)),
    credentials,
    expand: expander({ root, user: options.user ?? false, environment: options.environment ?? process.env }),
    exists: options.assumeSources === true ? () => true : (path) => exists(root ?? ("/" as Bytes), path),
    parseMode: remembered(parseMode),
    parseAge: remembered(parseAge),
    includes: prefixFilter(options.prefixes ?? [], options.excludePrefixes ?? []),
    report,
  };
}

/** Treats a path that cannot be examined as existing. */
function exists(root: Bytes, path: Bytes): boolean {
  try {
    resolve(root, path, { follow: false, safe: false, preserveAtime: true }).close();
    return true;
  } catch (error) {
    return !failedWith(error, "ENOENT");
  }
}

function remembered<Value>(compute: (key: Bytes) => Value): (key: Bytes) => Value {
  const values = new Map<Bytes, Value>();
  return (key) => {
    const known = values.get(key);
    if (known !== undefined || values.has(key)) return known as Value;
    const value = compute(key);
    values.set(key, value);
    return value;
  };
}

/** Whether --prefix and --exclude-prefix select a path; --exclude-prefix wins. */
function prefixFilter(prefixes: readonly Bytes[], excluded: readonly Bytes[]): (path: Bytes) => boolean {
  const included = prefixes.map(normalize);
  const left = excluded.map(normalize);
  if (included.length === 0 && left.length === 0) return () => true;
  return (path) =>
    !left.some((prefix) => isBelow(path, prefix)) &&
    (included.length === 0 || included.some((prefix) => isBelow(path, prefix)));
}
