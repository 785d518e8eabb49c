/** A command in its private /tmp, from the plan to the end. */
import type { StdioOptions } from "node:child_process";
import type { Bytes } from "../base/bytes.js";
import { type Fd, pathBelow } from "../sys/files.js";
import { sameInode, statx } from "../sys/inode.js";
import { readMountInfo } from "../sys/mountinfo.js";
import type { CommandEnd, Started } from "./command.js";
import { type DirectorySet, type Release, releaseDirectories } from "./directory.js";
import { shows } from "./mount-view.js";
import { namespaces, processesIn, signalNamespace } from "./processes.js";
import type { Rights } from "./programs.js";
import type { MountSettings } from "./settings.js";

export type PrivateMode = "connected" | "disconnected";

/**
 * What happens to processes that outlive the command: `process` leaves them and what they see alone, `mixed` kills
 * them, `all` first asks them to end (SIGTERM) and kills them 5 seconds later.
 */
export type KillMode = "process" | "mixed" | "all";

/** All that is decided before anything is done. */
export interface Plan {
  readonly command: readonly string[];
  /** What a new private /tmp is named. */
  readonly name: string;
  readonly rights: Rights;
  readonly mode: PrivateMode;
  readonly settings: MountSettings;
  /** Whether any of them were asked for. */
  readonly hasMountOptions: boolean;
  readonly targets: readonly Bytes[];
  readonly expose: readonly Bytes[];
  /** What would have to be exposed for the command to be found. */
  readonly hiding?: Bytes | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** Looked up inside: where it should start, and whether a directory above will do. */
  readonly cwd: { readonly path: Bytes; readonly isInherited: boolean };
  readonly openFiles?: bigint;
}

/** A command that runs in its private /tmp. */
export interface Session {
  readonly started: Started;
  /** Where it differs from the child's: bubblewrap has a process of its own between. */
  readonly pid: number | undefined;
  readonly directories: DirectorySet;
  /** The mount namespace's name in the kernel. */
  readonly namespace: string | undefined;
  /** Whether processes still have the namespace. */
  isLive(): boolean;
  close(): void;
}

/**
 * Whether the mount is still somewhere. At the root of a mount `..` leads to the directory that it is mounted in; when
 * the last process of its namespace has ended it is mounted nowhere, and `..` stays where it is. So one call tells
 * what a search through /proc would.
 */
export function isAttached(mount: Fd): boolean {
  return !sameInode(statx(mount), statx(mount, ".." as Bytes));
}

const PATIENCE_MS = 5000;
const POLL_MS = 10;

/** Waits for the command, deals with what outlives it, and lets go of the directories. */
export async function finish(
  session: Session,
  killMode: KillMode,
): Promise<CommandEnd & { release: Release }> {
  const end = await session.started.ended;
  if (killMode !== "process") await endOthers(session, killMode);
  try {
    return {
      ...end,
      release: releaseDirectories(session.directories, session.isLive, () =>
        isSeenAnywhere(session.directories),
      ),
    };
  } finally {
    session.close();
  }
}

/** Whether any process on the host has the directories, by a search through all of them. */
export function isSeenAnywhere(directories: DirectorySet): boolean {
  const { views } = namespaces();
  const host = readMountInfo();
  return directories.some((directory) => views.some((view) => shows(view, directory, host)));
}

async function endOthers({ namespace, isLive }: Session, killMode: KillMode): Promise<void> {
  if (namespace === undefined) return;
  const deadline = performance.now() + PATIENCE_MS;
  if (killMode === "all" && isLive()) {
    signalNamespace(namespace, "SIGTERM");
    signalNamespace(namespace, "SIGCONT");
    while (isLive() && performance.now() < deadline) await pause();
  }
  // A process may have forked while its siblings were looked for, so again, until there are none.
  while (isLive() && processesIn(namespace).length > 0) {
    signalNamespace(namespace, "SIGKILL");
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** The paths of the directories that the command sees, as the host has them. */
export function hostPaths(directories: DirectorySet): Bytes[] {
  return directories.map(({ outer }) => pathBelow(outer, "tmp" as Bytes));
}
