/** Decides whether a process is a trusted cleaner, and how it was called. */
import { type Bytes, basename, bytes, isAbsolute } from "../../base/bytes.js";
import { Fd } from "../../sys/files.js";
import { isRegular, type Stat, sameInode, statx } from "../../sys/inode.js";
import { openTrusted } from "../../sys/trusted.js";
import type { Actor } from "../events.js";
import { type CleanerCall, readCleanerArguments } from "./cleaner-arguments.js";

const SYSTEMD = /^systemd-tmpfiles(\.standalone)?$/;
const NODE = /^(node|nodejs)$/;
const VERBS = /^(clean|remove|purge|create)$/;

/**
 * How the process was called if it is systemd-tmpfiles or this Mayfly; undefined if it is neither. A process can choose its
 * command line and, in a mount namespace, its path. So it is trusted only if it belongs to root or this user, and its
 * program is a file that nobody else can write.
 */
export function cleanerCall(actor: Actor): CleanerCall | undefined {
  const { exe, cmdline = [], uid, truncated, container } = actor;
  if (exe === undefined || !isAbsolute(exe) || container !== undefined) return undefined;
  if (!looksLikeCleaner(exe) || !isOurs(uid)) return undefined;
  const program = trustedProgram(exe, actor);
  if (program === undefined) return undefined;
  const call = SYSTEMD.test(basename(exe)) ? readCleanerArguments(cmdline.slice(1), false) : ownCall(cmdline);
  if (call === undefined || !truncated) return call;
  return { ...call, unknown: "its command line is longer than what was recorded" };
}

function looksLikeCleaner(exe: Bytes): boolean {
  return SYSTEMD.test(basename(exe)) || NODE.test(basename(exe)) || exe === bytes(process.execPath);
}

function isOurs(uid: number | undefined): boolean {
  return uid === 0 || (uid !== undefined && uid === process.geteuid?.());
}

/** The program's inode; undefined if another user can write it, or if the process now runs another program. */
function trustedProgram(exe: Bytes, { pid }: Actor): Stat | undefined {
  const stat = trustedFile(exe);
  if (stat === undefined) return undefined;
  try {
    const running = statx(Fd.cwd, `/proc/${pid}/exe` as Bytes, 0);
    return sameInode(running, stat) ? stat : undefined;
  } catch {
    // It has ended.
    return stat;
  }
}

function trustedFile(path: Bytes): Stat | undefined {
  try {
    // Someone who can replace this very node needs no disguise.
    if (path === bytes(process.execPath)) return statx(Fd.cwd, path, 0);
    using fd = openTrusted(path);
    const stat = fd && statx(fd);
    return stat !== undefined && isRegular(stat) ? stat : undefined;
  } catch {
    return undefined;
  }
}

/** `node SCRIPT ...` with the script of this Mayfly; the unit of `mayfly install` runs `node --jitless SCRIPT clean`. */
function ownCall([, ...words]: readonly Bytes[]): CleanerCall | undefined {
  const [script, first, ...rest] = words[0] === "--jitless" ? words.slice(1) : words;
  if (script === undefined || !isAbsolute(script) || first === undefined) return undefined;
  const [stat, own] = [trustedFile(script), ownProgram()];
  if (stat === undefined || own === undefined || !sameInode(stat, own)) return undefined;
  if (basename(script) === "systemd-tmpfiles") return readCleanerArguments([first, ...rest], false);
  if (first === "tmpfiles") return readCleanerArguments(rest, false);
  return VERBS.test(first) ? readCleanerArguments([first, ...rest], true) : undefined;
}

/** bin/mayfly.js of this package: above this file, however it is bundled. */
function ownProgram(): Stat | undefined {
  for (const above of ["../..", "../../..", "../../../.."]) {
    const program = new URL(`${above}/bin/mayfly.js`, new URL(".", import.meta.url));
    try {
      return statx(Fd.cwd, bytes(decodeURIComponent(program.pathname)), 0);
    } catch {
      // Not that far above.
    }
  }
  return undefined;
}
