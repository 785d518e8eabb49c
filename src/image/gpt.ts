/** Reads the partition table (GPT) of an image. */

/** The purpose of a partition in the Discoverable Partitions Specification. */
export type Designator = "root" | "usr" | "home" | "srv" | "esp" | "xbootldr" | "tmp" | "var";

export interface Partition {
  readonly designator: Designator;
  readonly label: string;
  /** In bytes from the start of the image. */
  readonly offset: bigint;
  readonly size: bigint;
  readonly readOnly: boolean;
}

/** Reads `length` bytes of the image from `offset`, or fewer at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;

const SIGNATURE = "EFI PART";
const SECTOR_SIZES = [512, 4096, 1024, 2048];
const MOST_ENTRIES = 1024;
const ENTRY_SIZE = 128;
const LINUX_GENERIC = "0fc63daf-8483-4772-8e79-3d69d8477de4";
/** Attribute bits 60 and 63 of the specification. */
const READ_ONLY = 1n << 60n;
const NO_AUTO = 1n << 63n;

const ANYWHERE: Readonly<Record<string, Designator>> = {
  "933ac7e1-2eb4-4f13-b844-0e14e2aef915": "home",
  "3b8f8425-20e0-4f3b-907f-1a25a76f98e8": "srv",
  "4d21b016-b534-45c2-a9fb-5c16e091fd2d": "var",
  "7ec6f557-3bc5-4aca-b293-16ef5df639d1": "tmp",
  "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "esp",
  "bc13c2ff-59e6-4262-a352-b275fd6f7172": "xbootldr",
};

/** Root and /usr have a type for each architecture, by node's names for them. */
const BY_ARCHITECTURE: Readonly<Record<string, readonly [root: string, usr: string]>> = {
  x64: ["4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "8484680c-9521-48c6-9c11-b0720656f69e"],
  ia32: ["44479540-f297-41b2-9af7-d131d5f0458a", "75250d76-8cc6-458e-bd66-bd47cc81a812"],
  arm64: ["b921b045-1df0-41c3-af44-4c6f280d3fae", "b0e01050-ee5f-4390-949a-9101b17104e9"],
  arm: ["69dad710-2ce4-4e3c-b16c-21a1d49abed3", "7d0359a3-02b3-4f0a-865c-654403e70625"],
  riscv64: ["72ec70a6-cf74-40e6-bd49-4bda08e8f224", "beaec34b-8442-439b-a40b-984381ed097d"],
  ppc64: ["c31c45e6-3f39-412e-80fb-4809c4980599", "15bb03af-77e7-4d4a-b12b-c0d084f7491c"],
  s390x: ["5eead9a9-fe09-4a1e-a1d7-520d00531306", "8a4f5770-50aa-4ed3-874a-99b710db6fea"],
  loong64: ["77055800-792c-4f94-b39a-98c91b762bb6", "e611c702-575c-4cbe-9a46-434fa0bf7e3f"],
};

/**
 * The partitions of a GPT that belong to an operating system's tree, one for each designator; undefined if there is no GPT.
 * Throws an Error if the GPT is invalid.
 */
export function readGpt(readAt: ReadAt, architecture: string = process.arch): Partition[] | undefined {
  const sector = SECTOR_SIZES.find((size) => readAt(size, SIGNATURE.length).toString("latin1") === SIGNATURE);
  if (sector === undefined) return undefined;
  const entries = readEntries(readAt, sector);
  const [root, usr] = BY_ARCHITECTURE[architecture] ?? [];
  const designatorOf = (type: string): Designator | undefined =>
    type === root ? "root" : type === usr ? "usr" : ANYWHERE[type];
  const found = new Map<Designator, Partition>();
  for (const entry of entries) {
    const designator = designatorOf(entry.type);
    if (designator === undefined || (entry.attributes & NO_AUTO) !== 0n) continue;
    const partition = partitionOf(entry, designator, sector);
    const before = found.get(designator);
    // Of several versions, the newest one would be booted.
    if (before === undefined || isNewer(partition, before)) found.set(designator, partition);
  }
  const generic = entries.filter(
    (entry) => entry.type === LINUX_GENERIC && (entry.attributes & NO_AUTO) === 0n,
  );
  if (!found.has("root") && generic.length === 1 && generic[0] !== undefined) {
    found.set("root", partitionOf(generic[0], "root", sector));
  }
  return [...found.values()];
}

interface Entry {
  readonly type: string;
  readonly first: bigint;
  readonly last: bigint;
  readonly attributes: bigint;
  readonly label: string;
}

function readEntries(readAt: ReadAt, sector: number): Entry[] {
  const header = readAt(sector, sector);
  const headerSize = header.readUInt32LE(12);
  if (headerSize < 92 || headerSize > sector) throw new Error("the GPT header has an invalid size");
  const summed = Buffer.from(header.subarray(0, headerSize));
  summed.writeUInt32LE(0, 16);
  // Loaded on demand: the drop-in includes this module, but few runs use an image.
  const { crc32 } = process.getBuiltinModule("node:zlib");
  if (crc32(summed) !== header.readUInt32LE(16)) throw new Error("the checksum of the GPT header is wrong");
  const count = header.readUInt32LE(80);
  const size = header.readUInt32LE(84);
  if (count > MOST_ENTRIES || size < ENTRY_SIZE || size > sector)
    throw new Error("the partition table has an invalid size");
  const table = readAt(Number(header.readBigUInt64LE(72)) * sector, count * size);
  if (table.length < count * size || crc32(table) !== header.readUInt32LE(88)) {
    throw new Error("the checksum of the partition table is wrong");
  }
  return Array.from({ length: count }, (_, at) =>
    readEntry(table.subarray(at * size, (at + 1) * size)),
  ).filter((entry) => !/^[0-]*$/.test(entry.type) && entry.last >= entry.first);
}

function readEntry(raw: Buffer): Entry {
  return {
    type: guid(raw),
    first: raw.readBigUInt64LE(32),
    last: raw.readBigUInt64LE(40),
    attributes: raw.readBigUInt64LE(48),
    label: raw.subarray(56, 128).toString("utf16le").replace(/\0.*$/s, ""),
  };
}

/** The first three fields of a GUID are little-endian, the rest is not. */
function guid(raw: Buffer): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  const head = [hex(raw.readUInt32LE(0), 8), hex(raw.readUInt16LE(4), 4), hex(raw.readUInt16LE(6), 4)];
  return [...head, raw.toString("hex", 8, 10), raw.toString("hex", 10, 16)].join("-");
}

function partitionOf(entry: Entry, designator: Designator, sector: number): Partition {
  return {
    designator,
    label: entry.label,
    offset: entry.first * BigInt(sector),
    size: (entry.last - entry.first + 1n) * BigInt(sector),
    readOnly: (entry.attributes & READ_ONLY) !== 0n,
  };
}

function isNewer(one: Partition, other: Partition): boolean {
  if (one.designator !== "root" && one.designator !== "usr") return false;
  return one.label.localeCompare(other.label, "en", { numeric: true }) > 0;
}
