/** Looks up users and groups, of the host or of another root directory. */
import type { Bytes } from "../base/bytes.js";
import { fromBuffer } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";
import { address, bind, cstring, type Errno, errnoName, SUCCESS } from "./ffi.js";
import { LIMITS, readBelow } from "./read.js";

/** Looks up IDs by name. Undefined if the account does not exist. @throws SyscallError if the lookup fails. */
export interface Accounts {
  user(name: Bytes): number | undefined;
  group(name: Bytes): number | undefined;
}

type Lookup = (key: Buffer | number, record: Buffer, text: Buffer, size: number, result: Buffer) => Errno;

const libc = {
  getpwnam_r: bind<Parameters<Lookup>, Errno>(
    "int getpwnam_r(const void *name, void *record, void *text, size_t size, void *result)",
  ),
  getgrnam_r: bind<Parameters<Lookup>, Errno>(
    "int getgrnam_r(const void *name, void *record, void *text, size_t size, void *result)",
  ),
  getpwuid_r: bind<Parameters<Lookup>, Errno>(
    "int getpwuid_r(unsigned int uid, void *record, void *text, size_t size, void *result)",
  ),
  getgrgid_r: bind<Parameters<Lookup>, Errno>(
    "int getgrgid_r(unsigned int gid, void *record, void *text, size_t size, void *result)",
  ),
};

const POINTER_SIZE = ["arm", "ia32", "mips", "mipsel"].includes(process.arch) ? 4 : 8;
/** In both structs: two pointers (name and password), then the id; in `struct passwd` two ids and two more pointers. */
const ID_OFFSET = 2 * POINTER_SIZE;
const HOME_OFFSET = ID_OFFSET + 8 + POINTER_SIZE;
/** Errors that getpwnam(3) lists for an account that does not exist. */
const NOBODY = new Set(["ENOENT", "ESRCH", "EBADF", "EPERM"]);

interface Entry {
  readonly record: Buffer;
  readonly text: Buffer;
}

function lookUp(call: Lookup, name: string, key: Buffer | number): Entry | undefined {
  for (let size = 1024; ; size *= 4) {
    const record = Buffer.alloc(128);
    const text = Buffer.alloc(size);
    const result = Buffer.alloc(8);
    const failed = call(key, record, text, size, result);
    if (failed === SUCCESS) return result.readBigUInt64LE(0) === 0n ? undefined : { record, text };
    const code = errnoName(failed);
    if (NOBODY.has(code)) return undefined;
    if (code !== "ERANGE" || size > 1 << 24) throw new SyscallError(code, failed, name, []);
  }
}

/** The string at a pointer in the record. All strings are in the entry's text buffer. */
function stringAt(entry: Entry, offset: number): Bytes {
  const pointer =
    POINTER_SIZE === 8 ? Number(entry.record.readBigUInt64LE(offset)) : entry.record.readUInt32LE(offset);
  const start = pointer - address(entry.text);
  return fromBuffer(entry.text.subarray(start, entry.text.indexOf(0, start)));
}

/** These IDs are fixed, even if the host's databases do not list them. */
const BUILT_IN_USERS: ReadonlyMap<string, number> = new Map([
  ["root", 0],
  ["nobody", 65534],
]);
const BUILT_IN_GROUPS: ReadonlyMap<string, number> = new Map([
  ["root", 0],
  ["nogroup", 65534],
]);

/** The host's own accounts, from all the databases of nsswitch.conf(5). */
export const hostAccounts: Accounts = {
  user: (name) =>
    BUILT_IN_USERS.get(name) ??
    lookUp(libc.getpwnam_r, "getpwnam_r", cstring(name))?.record.readUInt32LE(ID_OFFSET),
  group: (name) =>
    BUILT_IN_GROUPS.get(name) ??
    lookUp(libc.getgrnam_r, "getgrnam_r", cstring(name))?.record.readUInt32LE(ID_OFFSET),
};

export function userName(uid: number): Bytes {
  if (uid === 0) return "root" as Bytes;
  const entry = lookUp(libc.getpwuid_r, "getpwuid_r", uid);
  return entry === undefined ? (`${uid}` as Bytes) : stringAt(entry, 0);
}

const libcGroups = bind<[Buffer, number, Buffer, Buffer], number>(
  "int getgrouplist(const void *user, unsigned int group, void *groups, void *count)",
);
const MOST_GROUPS = 65_536;

/** The group IDs of a user, the primary one first; undefined for an unknown user. */
export function groupIdsOf(uid: number): readonly number[] | undefined {
  const entry = lookUp(libc.getpwuid_r, "getpwuid_r", uid);
  if (entry === undefined) return undefined;
  const primary = entry.record.readUInt32LE(ID_OFFSET + 4);
  const count = Buffer.alloc(4);
  for (let most = 64; most <= MOST_GROUPS; most *= 4) {
    const groups = Buffer.alloc(most * 4);
    count.writeInt32LE(most);
    if (libcGroups(cstring(stringAt(entry, 0)), primary, groups, count) < 0) continue;
    const others = Array.from({ length: count.readInt32LE(0) }, (_, index) => groups.readUInt32LE(index * 4));
    return [...new Set([primary, ...others])];
  }
  throw new SyscallError("ERANGE", 34, "getgrouplist", [`${uid}`]);
}

export function groupName(gid: number): Bytes {
  if (gid === 0) return "root" as Bytes;
  const entry = lookUp(libc.getgrgid_r, "getgrgid_r", gid);
  return entry === undefined ? (`${gid}` as Bytes) : stringAt(entry, 0);
}

/** The home directory in the user database; undefined for an unknown user. */
export function homeDirectory(uid: number): Bytes | undefined {
  if (uid === 0) return "/root" as Bytes;
  if (uid === BUILT_IN_USERS.get("nobody")) return "/" as Bytes;
  const entry = lookUp(libc.getpwuid_r, "getpwuid_r", uid);
  return entry === undefined ? undefined : stringAt(entry, HOME_OFFSET);
}

/** The accounts of the system below `root`, from its passwd(5) and group(5) files only. */
export function rootAccounts(root: Bytes): Accounts {
  let users: Map<string, number> | undefined;
  let groups: Map<string, number> | undefined;
  return {
    user: (name) => {
      if (name === "root") return 0;
      users ??= readAccounts(root, "passwd");
      return users.get(name);
    },
    group: (name) => {
      if (name === "root") return 0;
      groups ??= readAccounts(root, "group");
      return groups.get(name);
    },
  };
}

/** Captures name and ID. A passwd(5) entry must have a group ID as well. */
const ENTRIES = {
  passwd: /^[ \t]*([^:#+\-\s][^:]*):[^:]*:(\d{1,10}):\d{1,10}(?:$|:)/,
  group: /^[ \t]*([^:#+\-\s][^:]*):[^:]*:(\d{1,10})(?:$|:)/,
};
const LARGEST_ID = 0xffffffff;

/** The first entry of a name wins; /etc is read before /usr/lib. */
function readAccounts(root: Bytes, file: "passwd" | "group"): Map<string, number> {
  const ids = new Map<string, number>();
  for (const directory of ["/etc", "/usr/lib"]) {
    for (const line of (readBelow(root, `${directory}/${file}` as Bytes, LIMITS.accounts) ?? "").split(
      "\n",
    )) {
      const [, name, id] = ENTRIES[file].exec(line) ?? [];
      if (name === undefined || Number(id) > LARGEST_ID || ids.has(name)) continue;
      ids.set(name, Number(id));
    }
  }
  return ids;
}

/** The ids that mean "unchanged" to chown(2), in 32 bits and in 16. */
const NO_IDS = new Set([0xffffffff, 0xffff]);

/** systemd's strtoul(3) skips a form feed or vertical tab; the number after it may have a sign and leading zeros. */
const ID = /^(?:(0|[1-9]\d{0,9})|[\v\f][ \t\n\v\f\r]*\+?0*(\d{1,10}))$/;

/** Parses a numeric ID: decimal, without sign or leading zeros, and not one of the two reserved values. */
export function parseId(text: string): number | undefined {
  const match = ID.exec(text);
  if (match === null) return undefined;
  const id = Number(match[1] ?? match[2]);
  return id <= LARGEST_ID && !NO_IDS.has(id) ? id : undefined;
}
