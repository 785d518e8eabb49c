/** Reads and sets file capabilities: capabilities(7). */
import { readFileSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import type { Fd } from "./files.js";
import { getXattr, setXattr } from "./xattr.js";

/** File capabilities, capabilities(7): bit sets indexed by capability number. */
export interface FileCapabilities {
  readonly permitted: bigint;
  readonly inheritable: bigint;
  /** One flag for the whole file: whether execve(2) makes the permitted capabilities effective. */
  readonly effective: boolean;
  /** The root user id of the user namespace in which they apply; 0 for all namespaces. */
  readonly rootUid: number;
}

const ATTRIBUTE = "security.capability" as Bytes;
// struct vfs_ns_cap_data of linux/capability.h: version and effective flag, the two halves of each set, a uid.
const REVISION_1 = 0x01000000;
const REVISION_2 = 0x02000000;
const REVISION_3 = 0x03000000;
const REVISION_MASK = 0xff000000;
const EFFECTIVE = 1;
const SIZES: Readonly<Record<number, number>> = { [REVISION_1]: 12, [REVISION_2]: 20, [REVISION_3]: 24 };

/** The capabilities of an open file (O_PATH works); undefined if it has none. */
export function getCapabilities(fd: Fd): FileCapabilities | undefined {
  const raw = getXattr(fd, ATTRIBUTE);
  return raw === undefined ? undefined : decode(raw);
}

function decode(raw: Buffer): FileCapabilities {
  const magic = raw.length < 4 ? 0 : raw.readUInt32LE(0);
  const revision = (magic & REVISION_MASK) >>> 0;
  if (SIZES[revision] !== raw.length) throw new Error("the file's capabilities have an unknown format");
  const word = (at: number): bigint => (at + 4 <= raw.length ? BigInt(raw.readUInt32LE(at)) : 0n);
  const upper = revision === REVISION_1 ? 0n : 32n;
  return {
    permitted: word(4) | (upper === 0n ? 0n : word(12) << upper),
    inheritable: word(8) | (upper === 0n ? 0n : word(16) << upper),
    effective: (magic & EFFECTIVE) !== 0,
    rootUid: revision === REVISION_3 ? Number(word(20)) : 0,
  };
}

export function setCapabilities(fd: Fd, capabilities: FileCapabilities): void {
  const { permitted, inheritable, effective, rootUid } = capabilities;
  const revision = rootUid === 0 ? REVISION_2 : REVISION_3;
  const raw = Buffer.alloc(SIZES[revision] ?? 0);
  const words = [permitted, inheritable, permitted >> 32n, inheritable >> 32n];
  raw.writeUInt32LE((revision | (effective ? EFFECTIVE : 0)) >>> 0, 0);
  for (const [index, word] of words.entries()) raw.writeUInt32LE(Number(word & 0xffffffffn), 4 + index * 4);
  if (rootUid !== 0) raw.writeUInt32LE(rootUid, 20);
  setXattr(fd, ATTRIBUTE, raw);
}

const NAMES = [
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service",
  "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin",
  "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override",
  "mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore",
];
const NUMBERS: ReadonlyMap<string, number> = new Map(
  NAMES.join(" ")
    .split(" ")
    .map((name, number) => [`cap_${name}`, number]),
);

/** The number of a capability such as `cap_net_raw`; case is ignored. */
export function capabilityNumber(name: string): number | undefined {
  return NUMBERS.get(name.toLowerCase());
}

/** All capabilities that this kernel supports. */
export function allCapabilities(): bigint {
  const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  return (1n << BigInt(last + 1)) - 1n;
}

/** Whether the capability is in this thread's effective set. */
export function hasCapability(name: string): boolean {
  const status = readFileSync("/proc/thread-self/status", "utf8");
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return ((effective >> BigInt(capabilityNumber(name) ?? 63)) & 1n) === 1n;
}
