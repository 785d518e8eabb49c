/** Parses mount options, and defines the errors of a setup. */
import { bytes, escapeForDisplay } from "../base/bytes.js";
import {
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
} from "../sys/mount.js";

/** A private /tmp cannot be set up as requested. The command was not run. */
export class SetupError extends Error {
  override readonly name = "SetupError";
  readonly code: SetupCode;

  constructor(code: SetupCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export type SetupCode =
  /** An option is invalid, or not supported in this mode. */
  | "BAD_OPTION"
  /** The host refuses namespaces; the message names the responsible setting. */
  | "FORBIDDEN"
  /** A required program, such as setpriv or unshare, is not installed. */
  | "MISSING_PROGRAM"
  /** There is no private /tmp with that name, or the process has none. */
  | "NOT_FOUND"
  /** Several private /tmps have that name. */
  | "AMBIGUOUS"
  /** It belongs to another user. */
  | "FOREIGN"
  /** An inherited file descriptor would give the command access to the host's files. */
  | "OPEN_DIRECTORY"
  /** A system call failed; the error is the `cause`. */
  | "FAILED";

export interface MountSettings {
  /** MOUNT_ATTR_* bits. */
  readonly attributes: number;
  /** Options of the tmpfs: `size`, `nr_inodes`. */
  readonly tmpfs: Readonly<Record<string, string>>;
}

const ATTRIBUTES: Readonly<Record<string, number>> = {
  ro: MOUNT_ATTR_RDONLY,
  nosuid: MOUNT_ATTR_NOSUID,
  nodev: MOUNT_ATTR_NODEV,
  noexec: MOUNT_ATTR_NOEXEC,
  nosymfollow: MOUNT_ATTR_NOSYMFOLLOW,
};
const OPPOSITES: Readonly<Record<string, string>> = {
  rw: "ro",
  suid: "nosuid",
  dev: "nodev",
  exec: "noexec",
  symfollow: "nosymfollow",
};
const TMPFS_OPTIONS = ["size", "nr_inodes"];
const TMPFS_DEFAULTS = { size: "10%", nr_inodes: "400k" };
const DEFAULT_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

/** Parses options such as `noexec,size=10M`. Later ones override earlier ones; `suid`, `dev`, `exec` and `rw` clear an option. */
export function parseMountOptions(
  texts: readonly string[],
  mode: "connected" | "disconnected",
): MountSettings {
  let attributes = DEFAULT_ATTRIBUTES;
  const tmpfs: Record<string, string> = mode === "disconnected" ? { ...TMPFS_DEFAULTS } : {};
  for (const option of texts.flatMap((text) => text.split(",")).filter((each) => each !== "")) {
    const equals = option.indexOf("=");
    const key = equals < 0 ? option : option.slice(0, equals);
    const attribute = ATTRIBUTES[option];
    const opposite = ATTRIBUTES[OPPOSITES[option] ?? ""];
    if (attribute !== undefined) attributes |= attribute;
    else if (opposite !== undefined) attributes &= ~opposite;
    else if (equals > 0 && TMPFS_OPTIONS.includes(key)) tmpfs[key] = sized(option, mode);
    else throw new SetupError("BAD_OPTION", unknownOption(option));
  }
  return { attributes, tmpfs };
}

function sized(option: string, mode: "connected" | "disconnected"): string {
  if (mode === "connected") {
    const why = "directories on the host's file system have no size limit; use --mode disconnected";
    throw new SetupError("BAD_OPTION", `invalid mount option "${escapeForDisplay(bytes(option))}": ${why}`);
  }
  return option.slice(option.indexOf("=") + 1);
}

function unknownOption(option: string): string {
  const all = [
    ...Object.keys(ATTRIBUTES),
    ...Object.keys(OPPOSITES),
    ...TMPFS_OPTIONS.map((key) => `${key}=`),
  ];
  return `unknown mount option "${escapeForDisplay(bytes(option))}" (valid options: ${all.join(", ")})`;
}

/** The names of the set attributes, as in mount(8). */
export function attributeNames(attributes: number): string[] {
  return Object.entries(ATTRIBUTES).flatMap(([name, bit]) => ((attributes & bit) !== 0 ? [name] : []));
}
