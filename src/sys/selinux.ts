/** Looks up and sets SELinux labels with libselinux. */
import { existsSync } from "node:fs";
import { type Bytes, fromBuffer } from "../base/bytes.js";
import { failedWith, NOT_SUPPORTED } from "../base/errors.js";
import { bind, copyFrom, cstring, errno, errnoName, hasLibrary } from "./ffi.js";
import { type Fd, procPath, requireSuccess } from "./files.js";

export const LIBSELINUX = "libselinux.so.1";
const SELABEL_CTX_FILE = 0;

/** An out parameter: C stores a pointer in the first element. */
type Out = [unknown];

const libselinux = {
  isEnabled: bind<[], number>("int is_selinux_enabled(void)", LIBSELINUX),
  isEnforcing: bind<[], number>("int security_getenforce(void)", LIBSELINUX),
  open: bind<[number, null, number], unknown>(
    "void *selabel_open(unsigned int backend, const void *options, unsigned int count)",
    LIBSELINUX,
  ),
  lookup: bind<[unknown, Out, Buffer, number], number>(
    "int selabel_lookup_raw(void *handle, _Out_ void **label, const void *path, int mode)",
    LIBSELINUX,
  ),
  setCreationLabel: bind<[unknown], number>("int setfscreatecon_raw(const void *label)", LIBSELINUX),
  getLabel: bind<[Buffer, Out], number>(
    "int getfilecon_raw(const void *path, _Out_ void **label)",
    LIBSELINUX,
  ),
  setLabel: bind<[Buffer, Buffer], number>(
    "int setfilecon_raw(const void *path, const void *label)",
    LIBSELINUX,
  ),
  free: bind<[unknown], void>("void freecon(void *label)", LIBSELINUX),
  strlen: bind<[unknown], number | bigint>("size_t strlen(const void *text)"),
};

/** Whether this host labels files by a policy; "no-library" if it does but libselinux is not installed. */
export type Labelling = "off" | "on" | "no-library";

let labelling: Labelling | undefined;
let policy: unknown;

export function labellingHere(): Labelling {
  labelling ??= findLabelling();
  return labelling;
}

function findLabelling(): Labelling {
  // Most hosts need not load the library.
  if (!existsSync("/sys/fs/selinux/enforce")) return "off";
  if (!hasLibrary(LIBSELINUX)) return "no-library";
  if (libselinux.isEnabled() <= 0) return "off";
  policy = libselinux.open(SELABEL_CTX_FILE, null, 0);
  return policy === null ? "off" : "on";
}

/** The policy's label for an inode of this mode at `path`; undefined if there is none. */
function labelFor(path: Bytes, mode: number): Bytes | undefined {
  const out: Out = [null];
  if (libselinux.lookup(policy, out, cstring(path), mode) === 0) return taken(out);
  if (errnoName(errno()) === "ENOENT") return undefined;
  requireSuccess(-1, "selabel_lookup_raw", path, () => [JSON.stringify(path)]);
  return undefined;
}

/** Copies and frees a string that C allocated. */
function taken(out: Out): Bytes {
  const [pointer] = out;
  const text = fromBuffer(copyFrom(pointer, Number(libselinux.strlen(pointer))));
  libselinux.free(pointer);
  return text;
}

/** Runs `make` so that the kernel creates the inode with the policy's label for `path`. */
export function withCreationLabel<Result>(path: () => Bytes, mode: number, make: () => Result): Result {
  const label = labellingHere() === "on" ? labelFor(path(), mode) : undefined;
  if (label === undefined) return make();
  requireSuccess(libselinux.setCreationLabel(cstring(label)), "setfscreatecon_raw", path, () => [
    JSON.stringify(label),
  ]);
  try {
    return make();
  } finally {
    libselinux.setCreationLabel(null);
  }
}

/**
 * The label that the open inode (O_PATH works) should have at `path`. Undefined if it already has that label, the policy
 * has none, or the file system does not support labels.
 */
export function missingLabel(fd: Fd, path: Bytes, mode: number): Bytes | undefined {
  if (labellingHere() !== "on") return undefined;
  const wanted = labelFor(path, mode);
  return wanted === undefined || wanted === labelOf(fd) ? undefined : wanted;
}

function labelOf(fd: Fd): Bytes | undefined {
  const out: Out = [null];
  return libselinux.getLabel(cstring(procPath(fd)), out) < 0 ? undefined : taken(out);
}

/** Sets the label. Ignores a failure if the policy is not enforced or the file system does not support labels. */
export function setLabel(fd: Fd, label: Bytes): void {
  const result = libselinux.setLabel(cstring(procPath(fd)), cstring(label));
  try {
    requireSuccess(
      result,
      "setfilecon_raw",
      () => fd.path,
      () => [`${fd}`, JSON.stringify(label)],
    );
  } catch (error) {
    if (!failedWith(error, ...NOT_SUPPORTED) && libselinux.isEnforcing() === 1) throw error;
  }
}
