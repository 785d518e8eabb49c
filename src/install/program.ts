/** Finds the program that jobs will start, and checks that nobody else can replace it. */
import { realpathSync } from "node:fs";
import { type Bytes, escapeForDisplay, fromBuffer, isBelow, toBuffer } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";
import { openTrusted } from "../sys/trusted.js";
import type { Host, Program } from "./plan.js";

/** Their content does not survive a boot, or is cleaned by age. */
const TEMPORARY = ["/tmp", "/var/tmp", "/dev/shm", "/run"] as Bytes[];
const HOMES = ["/home", "/root"] as Bytes[];

/** The running program, with all symlinks resolved. */
export function runningProgram(script: Bytes): Program {
  const real = (path: Bytes): Bytes =>
    fromBuffer(realpathSync.native(toBuffer(path), { encoding: "buffer" }));
  return { node: real(fromBuffer(Buffer.from(process.execPath))), script: real(script) };
}

/**
 * Warnings about the program.
 *
 * @throws Error if it is temporary, or if another user could change it: a job runs it with the rights of root.
 */
export function checkProgram(host: Host, { node, script }: Program): string[] {
  if (host.running) for (const path of [node, script]) requireSafeProgram(path);
  if (host.user) return [];
  return [node, script]
    .filter((path) => HOMES.some((home) => isBelow(path, home)))
    .map(
      (path) =>
        `${escapeForDisplay(path)} is in a home directory, which may be missing at boot; install it for the whole system`,
    );
}

function requireSafeProgram(path: Bytes): void {
  const shown = escapeForDisplay(path);
  if (TEMPORARY.some((directory) => isBelow(path, directory)))
    throw new Error(`${shown}: jobs cannot run a program in a temporary directory; install mayfly elsewhere`);
  if (isTrusted(path)) return;
  throw new Error(
    `${shown}: another user could replace this program, since they own it or a directory above it, or can write to one; install mayfly where only root can write`,
  );
}

function isTrusted(path: Bytes): boolean {
  try {
    using fd = openTrusted(path);
    return fd !== undefined;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}
