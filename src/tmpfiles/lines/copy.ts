/** Lines that copy: C. */
import type { Bytes } from "../../base/bytes.js";
import type { SyscallError } from "../../base/errors.js";
import { acceptsCopy, copyTree } from "../../path/copy.js";
import { resolve } from "../../path/resolve.js";
import type { Fd } from "../../sys/files.js";
import { isDirectory, S_IFMT, statx } from "../../sys/inode.js";
import { withCreationLabel } from "../../sys/selinux.js";
import type { CreateRequest } from "../effects/effects.js";
import { ItemError } from "../effects/item-error.js";
import { kindOf } from "../effects/kind.js";
import { skip } from "../model/attempt.js";
import type { Handler, Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { setPermissions } from "./adjust.js";

/** Errors to ignore if the target exists: on a read-only file system it may already be complete. */
const TOLERATED = ["EEXIST", "EROFS"];

/**
 * `C`: copies a file or tree if the target is missing, an empty directory, or one that a killed run began to fill;
 * `C+` adds missing entries.
 */
export const copy: Handler<Bytes> = (run, item, path) => {
  using location = run.effects.openParent(item, path, "make");
  using source = resolve(run.root, item.argument, { follow: false });
  const failures = new Failures(run, item, path);
  const made = run.effects.make(item, location, copyMaker(run, item, source, failures));
  if (made === undefined) return;
  using fd = made.fd;
  if (failures.first !== undefined) throw failures.first;
  const kind = kindOf(statx(fd));
  if (made.existing) run.effects.found(item, location, kind, item.argument);
  const isSame = kind === kindOf(statx(source));
  if (isSame) setPermissions(run, item, fd, path, false);
  else if (!run.effects.acts && isDirectory(statx(source))) throw notIntoFile(path);
  else skip(run, item, path, "exists and is not of the same type as the source");
};

/** A real run would fail; systemd-tmpfiles 262 does not check this in a dry run. */
function notIntoFile(path: Bytes): ItemError {
  return new ItemError(
    "NOT_A_DIRECTORY",
    path,
    "exists and is not a directory: a directory cannot be copied there",
  );
}

function copyMaker(run: RunContext, item: Item<Bytes>, source: Fd, failures: Failures): CreateRequest {
  return {
    kind: kindOf(statx(source)),
    target: item.argument,
    outcome: "copied",
    tolerated: TOLERATED,
    addsTo: (existing) =>
      isDirectory(statx(source)) &&
      isDirectory(statx(existing)) &&
      (item.modifiers.force || acceptsCopy(existing)),
    make: (dir, name) => {
      const uid = item.user?.id;
      const gid = item.group?.id;
      const making = (path: () => Bytes, mode: number, make: () => void): void =>
        run.root === "/" ? withCreationLabel(path, mode & S_IFMT, make) : make();
      const failed = (error: SyscallError): void => failures.add(error);
      const merge = item.modifiers.force;
      return copyTree(source, dir, name, { uid, gid, merge, making, failed, stop: run.stop });
    },
  };
}

/** The first failure is thrown; the others are only reported. */
class Failures {
  first: SyscallError | undefined;
  readonly #tell: (error: SyscallError) => void;

  constructor(run: RunContext, item: Item, path: Bytes) {
    this.#tell = (error) => skip(run, item, path, `not copied: ${error.message}`);
  }

  add(error: SyscallError): void {
    if (this.first === undefined && !TOLERATED.includes(error.code)) this.first = error;
    else this.#tell(error);
  }
}
