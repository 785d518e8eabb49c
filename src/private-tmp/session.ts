/** Types and supervision of a command in its private /tmp, from the plan to the release. */
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
 * What happens to processes that outlive the command: `process` leaves them and their private /tmp alone, `mixed` kills
 * them, `all` sends SIGTERM and kills them 5 seconds later.
 */
export type KillMode = "process" | "mixed" | "all";

/** All decisions that are made before anything is created. */
export interface Plan {
  readonly command: readonly string[];
  /** The name of a new private /tmp. */
  readonly name: string;
  readonly rights: Rights;
  readonly mode: PrivateMode;
  readonly settings: MountSettings;
  /** Whether any mount options were given. */
  readonly hasMountOptions: boolean;
  readonly targets: readonly Bytes[];
  readonly expose: readonly Bytes[];
  /** The path to expose, if the private /tmp hides the command's program. */
  readonly hiding?: Bytes | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** The working directory, looked up inside, and whether a parent of it may be used instead. */
  readonly cwd: { readonly path: Bytes; readonly isInherited: boolean };
  readonly openFiles?: bigint;
}

/** A running command in its private /tmp. */
export interface Session {
  readonly started: Started;
  /** The command's PID if it is not the child's: bubblewrap runs a process in between. */
  readonly pid: number | undefined;
  readonly directories: DirectorySet;
  /** The kernel's name of the mount namespace. */
  readonly namespace: string | undefined;
  /** Whether processes still use the namespace. */
  isLive(): boolean;
  close(): void;
}

/**
 * Whether the mount is still attached. At the root of an attached mount, `..` leads to the directory that contains the
 * mount point. Once the last process of its namespace has exited, the mount is detached, and `..` is the root itself. So
 * one system call replaces a search through /proc.
 */
export function isAttached(mount: Fd): boolean {
  return !sameInode(statx(mount), statx(mount, ".." as Bytes));
}

const PATIENCE_MS = 5000;
const POLL_MS = 10;

/** Waits for the command, handles processes that outlive it, and releases the directories. */
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

/** Whether any process on the host sees the directories; searches all processes. */
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
  // A process may fork during the search, so repeat until there are none.
  while (isLive() && processesIn(namespace).length > 0) {
    signalNamespace(namespace, "SIGKILL");
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** The host paths of the directories that the command sees. */
export function hostPaths(directories: DirectorySet): Bytes[] {
  return directories.map(({ outer }) => pathBelow(outer, "tmp" as Bytes));
}
