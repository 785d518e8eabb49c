import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import {
  groupName,
  homeDirectory,
  hostAccounts,
  parseId,
  rootAccounts,
  userName,
} from "#src/sys/accounts.js";
import { scratch } from "../../scratch.js";

const ask = (name: string): [number | undefined, number | undefined] => [
  hostAccounts.user(name as Bytes),
  hostAccounts.group(name as Bytes),
];

test("the host's accounts come from libc, and root always exists", () => {
  assert.deepEqual(ask("root"), [0, 0]);
  assert.equal(hostAccounts.user("nobody" as Bytes), 65534);
  assert.equal(hostAccounts.group("nogroup" as Bytes), 65534);
  const { username, uid, homedir } = userInfo();
  assert.equal(hostAccounts.user(bytes(username)), uid);
  assert.equal(userName(uid), username);
  assert.equal(homeDirectory(uid), uid === 65534 ? "/" : bytes(homedir));
  assert.equal(hostAccounts.group(groupName(process.getgid?.() ?? 0)), process.getgid?.());
});

test("unknown accounts are not found", () => {
  for (const name of ["nobody-here", "", "\xff\xfe", "a:b", "x".repeat(5000)]) {
    assert.deepEqual(ask(name), [undefined, undefined], name);
  }
  assert.equal(userName(3_999_999_999), "3999999999");
  assert.equal(groupName(3_999_999_999), "3999999999");
  assert.equal(homeDirectory(3_999_999_999), undefined);
});

test("ids are decimal, without leading zeros, and not 65535 or 4294967295", () => {
  for (const id of [0, 1, 65534, 65536, 4294967294]) assert.equal(parseId(`${id}`), id);
  for (const wrong of ["", "00", "01", "+1", "-1", "0x1", "1 ", "65535", "4294967295", "4294967296", "1e3"]) {
    assert.equal(parseId(wrong), undefined, wrong);
  }
});

test("a root has its own accounts, and symlinks stay inside it", (t) => {
  const root = scratch(t);
  const empty = rootAccounts(bytes(root));
  assert.deepEqual([empty.user("root" as Bytes), empty.user("daemon" as Bytes)], [0, undefined]);
  mkdirSync(join(root, "etc"));
  mkdirSync(join(root, "usr/lib"), { recursive: true });
  writeFileSync(
    join(root, "etc/kept"),
    "own:x:7:8:::\n# a:x:1:1:::\nown:x:9:9:::\n\nodd\nhuge:x:99999999999:1:::\n",
  );
  symlinkSync("/etc/kept", join(root, "etc/passwd"));
  writeFileSync(join(root, "usr/lib/passwd"), "own:x:10:8:::\nvendor:x:11:8:::\n");
  writeFileSync(join(root, "etc/group"), "own:x:12:\nshort:x:13\n");
  const { user, group } = rootAccounts(bytes(root));
  const users = ["own", "vendor", "# a", "odd", "huge", "daemon"].map((name) => user(name as Bytes));
  assert.deepEqual(users, [7, 11, undefined, undefined, undefined, undefined]);
  assert.deepEqual(
    [group("own" as Bytes), group("short" as Bytes), group("nogroup" as Bytes)],
    [12, 13, undefined],
  );
});
