import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { type Partition, readGpt } from "#src/image/gpt.js";
import { type ImagePolicy, parseImagePolicy, permitted } from "#src/image/policy.js";

const ROOT_X64 = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
const ROOT_ARM64 = "b921b045-1df0-41c3-af44-4c6f280d3fae";
const HOME = "933ac7e1-2eb4-4f13-b844-0e14e2aef915";
const GENERIC = "0fc63daf-8483-4772-8e79-3d69d8477de4";

interface Row {
  readonly type: string;
  readonly first: number;
  readonly last: number;
  readonly label?: string;
  readonly attributes?: bigint;
}

/** A disk with a GPT as sfdisk writes it: header in the second sector, table in the third. */
function disk(rows: readonly Row[], sector = 512): Buffer {
  const table = Buffer.alloc(128 * 128);
  for (const [at, row] of rows.entries()) {
    const entry = table.subarray(at * 128, (at + 1) * 128);
    const [a = "", b = "", c = "", ...rest] = row.type.split("-");
    entry.writeUInt32LE(Number.parseInt(a, 16), 0);
    entry.writeUInt16LE(Number.parseInt(b, 16), 4);
    entry.writeUInt16LE(Number.parseInt(c, 16), 6);
    entry.write(rest.join(""), 8, "hex");
    entry.writeBigUInt64LE(BigInt(row.first), 32);
    entry.writeBigUInt64LE(BigInt(row.last), 40);
    entry.writeBigUInt64LE(row.attributes ?? 0n, 48);
    entry.write(row.label ?? "", 56, "utf16le");
  }
  const header = Buffer.alloc(92);
  header.write("EFI PART", "latin1");
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(128, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(crc32(header), 16);
  const all = Buffer.alloc(2 * sector + table.length);
  header.copy(all, sector);
  table.copy(all, 2 * sector);
  return all;
}

const read = (image: Buffer, architecture = "x64") =>
  readGpt((offset, length) => image.subarray(offset, offset + length), architecture);
const designators = (found: Partition[] | undefined) => found?.map((each) => each.designator);

test("partitions are found by type, with offsets in bytes", () => {
  for (const sector of [512, 4096]) {
    const found = read(disk([{ type: ROOT_X64, first: 2048, last: 4095, label: "root" }], sector));
    assert.deepEqual(found, [
      {
        designator: "root",
        label: "root",
        offset: BigInt(2048 * sector),
        size: BigInt(2048 * sector),
        readOnly: false,
      },
    ]);
  }
});

test("a root partition of another architecture is ignored", () => {
  const image = disk([
    { type: ROOT_ARM64, first: 10, last: 11 },
    { type: HOME, first: 20, last: 21 },
  ]);
  assert.deepEqual(designators(read(image)), ["home"]);
  assert.deepEqual(designators(read(image, "arm64")), ["root", "home"]);
});

test("a single generic Linux partition is the root, and two are ambiguous", () => {
  const one = { type: GENERIC, first: 10, last: 11 };
  assert.deepEqual(designators(read(disk([one]))), ["root"]);
  assert.deepEqual(designators(read(disk([one, { ...one, first: 20, last: 21 }]))), []);
});

test("the newest version of a root is used, and no-auto partitions are ignored", () => {
  const root = (label: string, first: number, attributes = 0n) => ({
    type: ROOT_X64,
    first,
    last: first,
    label,
    attributes,
  });
  assert.equal(read(disk([root("os_9", 10), root("os_10", 20), root("os_8", 30)]))?.[0]?.label, "os_10");
  assert.deepEqual(read(disk([root("os_9", 10, 1n << 63n)])), []);
  assert.equal(read(disk([root("os_9", 10, 1n << 60n)]))?.[0]?.readOnly, true);
});

test("a missing GPT and an invalid GPT are different errors", () => {
  assert.equal(read(Buffer.alloc(100_000)), undefined);
  assert.equal(read(Buffer.from("short")), undefined);
  const image = disk([{ type: ROOT_X64, first: 10, last: 11 }]);
  for (const at of [512 + 40, 1024 + 33]) {
    const broken = Buffer.from(image);
    broken.writeUInt8(broken.readUInt8(at) ^ 1, at);
    assert.throws(() => read(broken), /checksum/);
  }
  assert.throws(() => read(image.subarray(0, 4000)), /checksum/);
});

const ALL = ["root", "usr", "home", "srv", "var", "tmp", "xbootldr", "esp"] as const;
const part = (designator: Partition["designator"]): Partition => ({
  designator,
  label: "",
  offset: 0n,
  size: 0n,
  readOnly: false,
});
const used = (policy: ImagePolicy, ...there: Partition["designator"][]) =>
  designators(permitted(there.map(part), policy, ALL));

test("a policy selects partitions as systemd-tmpfiles 262 does", () => {
  const use = (text: string) => used(parseImagePolicy(text), "root", "home");
  assert.deepEqual(use("*"), ["root", "home"]);
  assert.deepEqual(use("-"), []);
  assert.equal(use("~"), undefined);
  assert.deepEqual(use("root=unprotected"), ["root"]);
  assert.equal(use("root=verity"), undefined);
  assert.equal(use("root=unprotected:home=absent"), undefined);
  assert.equal(use("root=unprotected:srv=unprotected"), undefined);
  assert.deepEqual(use("root=unprotected+verity:=open"), ["root", "home"]);
  assert.deepEqual(use("root=read-only-on:home=unused+absent"), ["root"]);
});

test("an invalid policy is refused with the message of 262", () => {
  const refused = (text: string, message: string) =>
    assert.throws(() => parseImagePolicy(text), { message: `${message}: ${text}` });
  refused("foo", "Failed to parse image policy");
  refused("foo=verity", "Unknown partition type in image policy");
  refused("root=verity+foo", "Unknown partition policy flag in image policy");
  refused("root=unprotected:root=ignore", "Duplicate rule in image policy");
});
