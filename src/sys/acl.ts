/** Reads, parses and sets POSIX ACLs with libacl: acl(5). */
import { type Bytes, bytes, fromBuffer } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";
import { bind, copyFrom, cstring, errno, errnoName, hasLibrary } from "./ffi.js";
import { type Fd, procPath, requireSuccess } from "./files.js";

/** One entry of an ACL, acl(5). Without an id, `user` and `group` mean the owner and the owning group. */
export interface AclEntry {
  readonly tag: "user" | "group" | "mask" | "other";
  readonly id: number | undefined;
  /** Mode bits: 4 for read, 2 for write, 1 for execute. */
  readonly permissions: number;
}

export type AclKind = "access" | "default";

export const LIBACL = "libacl.so.1";
const TYPES: Readonly<Record<AclKind, number>> = { access: 0x8000, default: 0x4000 };
const TEXT_NUMERIC_IDS = 0x08;
const TEXT_ABBREVIATE = 0x10;
const COMMA = ",".charCodeAt(0);

const libacl = {
  fromText: bind<[Buffer], unknown>("void *acl_from_text(const void *text)", LIBACL),
  toAnyText: bind<[unknown, null, number, number], unknown>(
    "void *acl_to_any_text(void *acl, const void *prefix, int separator, int options)",
    LIBACL,
  ),
  getFile: bind<[Buffer, number], unknown>("void *acl_get_file(const void *path, unsigned int type)", LIBACL),
  setFile: bind<[Buffer, number, unknown], number>(
    "int acl_set_file(const void *path, unsigned int type, void *acl)",
    LIBACL,
  ),
  free: bind<[unknown], number>("int acl_free(void *object)", LIBACL),
  strlen: bind<[unknown], number | bigint>("size_t strlen(const void *text)"),
};

export function hasAcls(): boolean {
  return hasLibrary(LIBACL);
}

/** Parses ACL text in the syntax of setfacl(1), and looks up names. Undefined if the text is not a valid ACL. */
export function parseAclText(text: Bytes): AclEntry[] | undefined {
  const acl = libacl.fromText(cstring(text));
  return acl === null ? undefined : entriesOf(acl);
}

/** The ACL of an open inode (O_PATH works). Without an extended ACL, it reflects the mode; a default ACL may be empty. */
export function getAcl(fd: Fd, kind: AclKind): AclEntry[] {
  const acl = libacl.getFile(cstring(procPath(fd)), TYPES[kind]);
  if (acl === null) throw failure("acl_get_file", fd, kind);
  return entriesOf(acl);
}

export function setAcl(fd: Fd, kind: AclKind, entries: readonly AclEntry[]): void {
  const acl = libacl.fromText(cstring(bytes(showAcl(entries))));
  if (acl === null) throw failure("acl_from_text", fd, kind);
  try {
    const result = libacl.setFile(cstring(procPath(fd)), TYPES[kind], acl);
    requireSuccess(
      result,
      "acl_set_file",
      () => fd.path,
      () => [`${fd}`, kind],
    );
  } finally {
    libacl.free(acl);
  }
}

/** The short text of an ACL, in the order of acl(5): `u::rw-,u:daemon:r--,g::r--,m::r--,o::r--`. */
export function aclText(entries: readonly AclEntry[]): Bytes {
  const acl = libacl.fromText(cstring(bytes(showAcl(entries))));
  if (acl === null) return bytes(showAcl(entries));
  const text = textOf(acl, TEXT_ABBREVIATE);
  libacl.free(acl);
  return text;
}

function textOf(acl: unknown, options: number): Bytes {
  const text = libacl.toAnyText(acl, null, COMMA, options);
  const written = fromBuffer(copyFrom(text, Number(libacl.strlen(text))));
  libacl.free(text);
  return written;
}

function failure(call: string, fd: Fd, kind: AclKind): SyscallError {
  const number = errno();
  return new SyscallError(errnoName(number), number, call, [`${fd}`, kind], fd.path);
}

/** Takes ownership of the acl_t and frees it. */
function entriesOf(acl: unknown): AclEntry[] {
  const written = textOf(acl, TEXT_NUMERIC_IDS);
  libacl.free(acl);
  return written
    .split(",")
    .filter((entry) => entry !== "")
    .map(parseEntry);
}

function parseEntry(text: string): AclEntry {
  const [tag = "", id = "", permissions = ""] = text.split(":");
  const bit = (letter: string, value: number): number => (permissions.includes(letter) ? value : 0);
  return {
    tag: tag as AclEntry["tag"],
    id: id === "" ? undefined : Number(id),
    permissions: bit("r", 4) | bit("w", 2) | bit("x", 1),
  };
}

/** Formats entries in the syntax of setfacl(1): `user::rwx,user:1000:r-x`. */
function showAcl(entries: readonly AclEntry[]): string {
  const one = ({ tag, id, permissions }: AclEntry): string => {
    const letters = [..."rwx"].map((letter, index) => ((permissions & (4 >> index)) === 0 ? "-" : letter));
    return `${tag}:${id ?? ""}:${letters.join("")}`;
  };
  return entries.map(one).join(",");
}
