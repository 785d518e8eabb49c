/** A file that was opened by a name shows whether that name was removed since, whatever has replaced it. */
import assert from "node:assert/strict";
import { linkSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { Fd, O_PATH, openat } from "#src/sys/files.js";
import { statx } from "#src/sys/inode.js";
import { isUnlinked } from "#src/sys/processes.js";
import { scratch } from "../../scratch.js";

const dir = scratch({ after }, "/var/tmp");
const [first, second] = [`${dir}/first`, `${dir}/second`];

/** Of two names of one file, opens the second. */
function opened(): Fd {
  for (const path of [first, second]) rmSync(path, { force: true });
  writeFileSync(first, "");
  linkSync(first, second);
  return openat(Fd.cwd, bytes(second), O_PATH);
}

test("a removed name is detected, although the link count is 1", () => {
  using fd = opened();
  assert.equal(isUnlinked(fd), false);
  unlinkSync(second);
  assert.deepEqual([statx(fd).nlink, isUnlinked(fd)], [1, true]);
  linkSync(first, second);
  unlinkSync(first);
  assert.deepEqual([statx(fd).nlink, isUnlinked(fd)], [1, true]);
});

test("a name that was replaced by a rename is detected", () => {
  using fd = opened();
  writeFileSync(`${dir}/third`, "");
  renameSync(`${dir}/third`, second);
  assert.equal(isUnlinked(fd), true);
});

test("a renamed file is not taken for a removed one", () => {
  using fd = opened();
  unlinkSync(first);
  renameSync(second, first);
  assert.deepEqual([statx(fd).nlink, isUnlinked(fd)], [1, false]);
});
