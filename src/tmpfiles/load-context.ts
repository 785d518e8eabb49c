import type { Bytes } from "../base/bytes.js";
import type { Diagnostic } from "../base/errors.js";
import { failedWith } from "../base/errors.js";
import { hostAccounts, rootAccounts } from "../sys/accounts.js";
import { Fd } from "../sys/files.js";
import { statx } from "../sys/inode.js";
import { parseAge } from "./age.js";
import type { Credentials } from "./credentials.js";
import type { LoadOptions } from "./items.js";
import { parseMode } from "./mode.js";
import { ownerReader } from "./owners.js";
import { prefixFilter, type ResolveContext } from "./resolve.js";
import { expander } from "./specifiers.js";

/** What the lines of one load are resolved against: whatever costs something is asked once. */
export function resolveContext(
  options: LoadOptions,
  root: Bytes | undefined,
  credentials: Credentials,
  report: (diagnostic: Diagnostic) => void,
): ResolveContext {
  const accounts = root === undefined ? hostAccounts : rootAccounts(root);
  return {
    root,
    boot: options.boot ?? false,
    graceful: options.graceful ?? false,
    user: remembered(ownerReader(accounts, "user")),
    group: remembered(ownerReader(accounts, "group")),
    credentials,
    expand: expander({ root, user: options.user ?? false, environment: options.environment ?? process.env }),
    exists,
    parseMode: remembered(parseMode),
    parseAge: remembered(parseAge),
    includes: prefixFilter(options.prefixes ?? [], options.excludePrefixes ?? []),
    report,
  };
}

/** What can't be looked at is there, for all one knows. */
function exists(path: Bytes): boolean {
  try {
    statx(Fd.cwd, path);
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
