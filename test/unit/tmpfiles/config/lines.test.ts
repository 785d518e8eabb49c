/** How line types parse their arguments. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytes } from "#src/base/bytes.js";
import { parseCNumber } from "#src/base/c-number.js";
import type { AclEntry } from "#src/sys/acl.js";
import { makeDevice } from "#src/sys/inode.js";
import { mergeEntries, parseAcl, withBaseEntries, withMask } from "#src/tmpfiles/lines/acl.js";
import { parseAttributes } from "#src/tmpfiles/lines/attributes.js";
import { combined, parseCapabilities } from "#src/tmpfiles/lines/capabilities.js";
import { parseDevice } from "#src/tmpfiles/lines/nodes.js";
import { parseAssignments } from "#src/tmpfiles/lines/xattr.js";
import type { Warn } from "#src/tmpfiles/model/item.js";
import { splitQuoted } from "#src/tmpfiles/syntax/words.js";

function warned<Result>(parse: (warn: Warn) => Result): {
  readonly result: Result;
  readonly at: readonly (number | undefined)[];
} {
  const at: (number | undefined)[] = [];
  const result = parse((_message, where) => at.push(where));
  return { result, at };
}

test("numbers are parsed as in C, with 0x, 0o and 0b", () => {
  assert.deepEqual(
    ["12", "0x1F", "017", "0o17", "0b11", "0", " +5", "08", "-1", "", "1x"].map(parseCNumber),
    [12, 31, 15, 15, 3, 0, 5, undefined, undefined, undefined, undefined],
  );
});

test("devices: major:minor in range", () => {
  assert.equal(parseDevice(bytes("1:3")), 0x103n);
  assert.equal(parseDevice(bytes("4095:1048575")), makeDevice(4095, 1048575));
  for (const [text, at] of [
    ["1", 0],
    ["0x1:3", 0],
    ["1:-5", 2],
    ["4096:1", 0],
    ["1:1048576", 2],
  ] as const) {
    assert.throws(() => parseDevice(bytes(text)), { name: "ArgumentError", at }, text);
  }
});

test("device numbers are encoded as in the kernel", () => {
  const parts = fc.tuple(fc.nat(4095), fc.nat(1048575));
  fc.assert(
    fc.property(parts, ([major, minor]) => {
      const device = makeDevice(major, minor);
      // The inverse, as in sys/sysmacros.h.
      assert.equal(Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)), major);
      assert.equal(Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n)), minor);
    }),
  );
});

test("attributes: add, remove, or exactly these", () => {
  assert.deepEqual(parseAttributes(bytes("+dA")), { mask: 0xc0, value: 0xc0 });
  assert.deepEqual(parseAttributes(bytes("-i")), { mask: 0x10, value: 0 });
  const { mask, value } = parseAttributes(bytes("=A"));
  assert.equal(value, 0x80);
  assert.equal(mask, 0x208bc0ff);
  assert.throws(() => parseAttributes(bytes("+dx")), { at: 2 });
  assert.throws(() => parseAttributes(bytes("-")), { at: 1 });
});

test("words keep what is quoted, and an open quote ends with the text", () => {
  assert.deepEqual(splitQuoted(bytes(`a "b c"d  e\\ f 'g`)), [
    { text: "a", at: 0 },
    { text: "b cd", at: 2 },
    { text: "e f", at: 10 },
    { text: "g", at: 15 },
  ]);
});

test("extended attributes: words that are not assignments are ignored", () => {
  const { result, at } = warned((warn) =>
    parseAssignments(bytes(`user.a=b x user.c= user.d="1 2" "user.e=`), warn),
  );
  assert.deepEqual(result, [
    { name: "user.a", value: "b" },
    { name: "user.d", value: "1 2" },
  ]);
  assert.deepEqual(at, [9, 11, 32]);
});

const RAW = 1n << 13n;
const KILL = 1n << 5n;
const none = { permitted: 0n, inheritable: 0n, effective: false, rootUid: 0 };

test("capabilities: clauses apply one after the other", () => {
  const spec = (text: string) => warned((warn) => parseCapabilities(bytes(text), warn)).result;
  const made = (text: string, old = none) => {
    const parsed = spec(text);
    return parsed === undefined ? "refused" : combined(old, parsed);
  };
  assert.deepEqual(made("cap_net_raw=ep"), { ...none, permitted: RAW, effective: true });
  assert.deepEqual(made("13,CAP_KILL+p rootuid=7"), { ...none, permitted: RAW | KILL, rootUid: 7 });
  assert.deepEqual(made("cap_net_raw-e", { ...none, permitted: RAW, effective: true }), {
    ...none,
    permitted: RAW,
  });
  assert.deepEqual(made("cap_kill=ep", { ...none, permitted: RAW, effective: true, rootUid: 3 }), {
    permitted: RAW | KILL,
    inheritable: 0n,
    effective: true,
    rootUid: 3,
  });
  // One flag can't say that some are in effect and others are not.
  assert.equal(made("cap_net_raw=ep cap_kill+i"), undefined);
  assert.equal(made("cap_net_raw+e"), undefined);
  for (const text of [
    "cap_nope=p",
    "cap_kill",
    "cap_kill=x",
    "cap_kill=e+p",
    "63=p",
    "rootuid=x",
    "rootuid=65535",
  ]) {
    assert.equal(made(text), "refused", text);
  }
});

const owner: AclEntry = { tag: "user", id: undefined, permissions: 7 };
const named: AclEntry = { tag: "user", id: 5, permissions: 2 };
const group: AclEntry = { tag: "group", id: undefined, permissions: 4 };

test("ACLs: a mask for named entries, base entries from the mode, one entry for each", () => {
  assert.deepEqual(withMask([owner, group]), [owner, group]);
  assert.deepEqual(withMask([named, group]).at(-1), { tag: "mask", id: undefined, permissions: 6 });
  assert.deepEqual(withBaseEntries([owner], 0o640).slice(1), [
    { tag: "group", id: undefined, permissions: 4 },
    { tag: "other", id: undefined, permissions: 0 },
  ]);
  const changed = { ...named, permissions: 7 };
  assert.deepEqual(mergeEntries([owner, named], [changed, group]), [owner, changed, group]);
});

test("ACLs: entries for access and for defaults", () => {
  const { result } = warned((warn) => parseAcl(bytes("u:5:rw,g::rX,default:o::r"), warn));
  assert.deepEqual(result, {
    access: [{ tag: "user", id: 5, permissions: 6 }],
    executable: [{ tag: "group", id: undefined, permissions: 5 }],
    inherited: [{ tag: "other", id: undefined, permissions: 4 }],
  });
  for (const text of ["u:5", "x:1:2:r", "u:no such user:r"]) {
    assert.equal(warned((warn) => parseAcl(bytes(text), warn)).result, undefined, text);
  }
});
