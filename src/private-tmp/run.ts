/** Runs a command with a private /tmp. */
import type { ChildProcess, StdioOptions } from "node:child_process";
import { type Bytes, bytes, escapeForDisplay, isAbsolute, join, normalize } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { failedWith, SyscallError } from "../base/errors.js";
import { sleepSync } from "../sys/sleep.js";
import { requireRunArguments } from "./arguments.js";
import { prepareDirectories, prepareSharedTmpfs, prepareTmpfs } from "./as-root.js";
import { prepareAsUser } from "./as-user.js";
import { type CommandEnd, startCommand } from "./command.js";
import {
  type DirectorySet,
  makeDirectories,
  openDirectories,
  type Release,
  releaseDirectories,
} from "./directory.js";
import {
  environmentInside,
  exposeOption,
  hiddenDirectoryNotices,
  hidingCommand,
  refuseOpenDirectories,
  workingDirectory,
} from "./environment.js";
import { type Found, find } from "./find.js";
import { isName, nameFor, newLeaf } from "./name.js";
import type { PrivateRunOptions } from "./options.js";
import { userInWords } from "./owner.js";
import { requireAccounts, withRights } from "./programs.js";
import { forbidden } from "./refusal.js";
import { finish, hostPaths, isSeenAnywhere, type KillMode, type Plan, type Session } from "./session.js";
import { parseMountOptions, SetupError } from "./settings.js";
import { targets, throughTargets } from "./targets.js";

/** A running command with a private /tmp. */
export interface Running {
  readonly child: ChildProcess;
  /** The PID of the command. */
  readonly pid: number | undefined;
  /** The directories on the host that it sees as /tmp and /var/tmp; empty if disconnected. */
  readonly directories: readonly string[];
  /** False if `bestEffort` let it run with the host's /tmp. */
  readonly isPrivate: boolean;
  /** What `mayfly run` would need to show the command's program, if the private /tmp hides it: `--expose PATH`. */
  readonly hiding?: string;
  /** Sends a signal to the command. Returns false if it has exited. */
  kill(signal: NodeJS.Signals): boolean;
  /** Resolves when the command has ended and its private /tmp was released, however the command ended. */
  readonly ended: Promise<Ended>;
}

export interface Ended extends CommandEnd {
  /** What happened to the private /tmp. */
  readonly release: Release;
}

/**
 * Runs a command with its own, empty /tmp and /var/tmp (mode 1777, nosuid and nodev), which are removed when it ends.
 *
 * As root, this temporarily changes the mount namespace of the calling thread, without returning to the event loop.
 * Afterwards, the thread no longer shares its working directory and umask with other threads: `process.chdir` does not
 * affect the threads on which Node opens relative paths asynchronously. All file descriptors above 2, inherited ones
 * included, are marked close-on-exec. For an ordinary user, it uses unshare(1) or bubblewrap, and the command has no
 * capabilities and cannot gain privileges.
 *
 * Security: it hides the command's temporary files from other users, and protects the command from files and symlinks that
 * they create in /tmp. It is not a sandbox: SECURITY.md lists what it does not prevent.
 *
 * @throws SetupError if the private /tmp cannot be set up; the command was not run.
 */
export async function runPrivately(
  command: readonly string[],
  options: PrivateRunOptions = {},
): Promise<Running> {
  requireRunArguments(command, options);
  try {
    const plan = planned(command, options);
    const session = await staged(plan, options);
    const { hiding } = plan;
    return {
      ...running(session, options.killMode ?? "process"),
      ...(hiding === undefined ? {} : { hiding: exposeOption(hiding) }),
    };
  } catch (error) {
    if (options.bestEffort === true && error instanceof SetupError && error.code === "FORBIDDEN") {
      return unprotected(command, options, error);
    }
    throw asSetupError(error);
  }
}

/** Converts a failed system call or a refusal to a SetupError. */
export function asSetupError(error: unknown): unknown {
  if (error instanceof SetupError || !(error instanceof Error)) return error;
  const words = error instanceof SyscallError ? errnoWords(error.code) : undefined;
  const why = words === undefined ? error.message : `${words} (${error.message})`;
  return new SetupError("FAILED", `cannot set up the private /tmp: ${why}`, error);
}

function planned(command: readonly string[], options: PrivateRunOptions): Plan {
  const { mode = "connected", mountOptions = [], expose = [], stdio = "inherit" } = options;
  if (command.length === 0) throw new SetupError("BAD_OPTION", "no command given");
  requireAccounts(options);
  if (options.name !== undefined && !isName(options.name)) {
    throw new SetupError(
      "BAD_OPTION",
      `invalid name "${escapeForDisplay(bytes(options.name))}": expected up to 128 letters, digits and _.:@-, not all digits`,
    );
  }
  const places = targets();
  const cover = { targets: places, exposed: expose.map(exposedPath) };
  const outside = options.env ?? process.env;
  const { env, notices } = environmentInside(outside, cover, options.forPerson === true);
  const cwd = whereTo(options.cwd);
  // The contents of a joined private /tmp are unknown.
  const isNew = options.join === undefined;
  if (isNew && cwd.isInherited) notices.push(...hiddenDirectoryNotices(cwd.path, cover));
  for (const notice of notices) options.onNotice?.(notice);
  refuseOpenDirectories(inheritedFds(stdio));
  return {
    command,
    name: options.name ?? nameFor(command[0] ?? ""),
    rights: options,
    mode,
    hasMountOptions: mountOptions.length > 0,
    settings: parseMountOptions(mountOptions, mode),
    targets: places,
    expose: cover.exposed,
    hiding: hidingCommand(command[0] ?? "", cwd.path, outside, cover),
    env,
    stdio,
    cwd,
    ...(options.openFiles === undefined ? {} : { openFiles: options.openFiles }),
  };
}

/** Relative paths are resolved against the caller's working directory. */
function exposedPath(path: string): Bytes {
  if (path === "") throw new SetupError("BAD_OPTION", "cannot expose an empty path (is a variable unset?)");
  const whole = isAbsolute(bytes(path)) ? bytes(path) : join(workingDirectory(), bytes(path));
  return throughTargets(normalize(whole));
}

export function whereTo(cwd: string | undefined): Plan["cwd"] {
  if (cwd === undefined) return { path: workingDirectory(), isInherited: true };
  return { path: bytes(cwd), isInherited: false };
}

/** The file descriptors of this process that the command inherits. */
export function inheritedFds(stdio: StdioOptions): number[] {
  if (stdio === "inherit") return [0, 1, 2];
  if (typeof stdio === "string") return [];
  return stdio.flatMap((each, index) =>
    each === "inherit" ? [index] : typeof each === "number" ? [each] : [],
  );
}

async function staged(plan: Plan, options: PrivateRunOptions): Promise<Session> {
  const found = options.join === undefined ? undefined : find(options.join, plan.targets);
  const directories = directoriesFor(plan, found);
  try {
    if (process.geteuid?.() !== 0) return await prepareAsUser(plan, directories, found);
    return await stagedByRoot(plan, directories, found);
  } catch (error) {
    const isSeen = (): boolean => isSeenAnywhere(directories);
    releaseDirectories(directories, isSeen, isSeen);
    throw error;
  }
}

/** System calls that may be denied to root in a container, where a user namespace may still work. */
const PRIVILEGED = ["unshare", "open_tree", "mount_setattr", "move_mount", "fsopen", "fsmount", "setns"];

async function stagedByRoot(
  plan: Plan,
  directories: DirectorySet,
  found: Found | undefined,
): Promise<Session> {
  try {
    return stagedAsRoot(plan, directories, found);
  } catch (error) {
    if (!failedWith(error, "EPERM", "ENOSPC") || !PRIVILEGED.includes(error.syscall)) throw error;
    if (error.code === "EPERM") return await prepareAsUser(plan, directories, found);
    throw forbidden(false, error);
  }
}

function stagedAsRoot(plan: Plan, directories: DirectorySet, found: Found | undefined): Session {
  if (found?.mode === "disconnected") return prepareSharedTmpfs(plan, found.leaf, found.pids);
  if (plan.mode === "disconnected" && found === undefined) return prepareTmpfs(plan, newLeaf(plan.name));
  return prepareDirectories(plan, directories);
}

/** The joined or newly created directories; empty for a tmpfs. */
function directoriesFor(plan: Plan, found: Found | undefined): DirectorySet {
  if (found?.mode === "connected") return joinExisting(found);
  if (found !== undefined) return requireTrusted(found);
  return plan.mode === "connected" ? makeDirectories(plan.targets, plan.name) : [];
}

/** A tmpfs has no directory with an owner, only a mount namespace. */
function requireTrusted({ owner, pids }: Found): DirectorySet {
  if (owner?.isTrusted === true) return [];
  const whose = owner === undefined ? "another user" : userInWords(owner.uid);
  const why = `the mounts of process ${pids[0]} belong to ${whose}`;
  throw new SetupError("FOREIGN", `cannot join: ${why}; use "mayfly enter" to inspect it`);
}

const ATTEMPTS = 200;
const ATTEMPT_MS = 5;

/** Joins; retries for a second, since another process may briefly hold the lock to check whether it is in use. */
function joinExisting({ locations, leaf, pids, owner }: Found): DirectorySet {
  if (locations.length === 0) {
    throw new SetupError("NOT_FOUND", `the directory of process ${pids[0]} is not in this /tmp`);
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return openDirectories(locations);
    } catch (error) {
      if (failedWith(error, "EACCES") && owner !== undefined && owner.uid !== process.geteuid?.()) {
        const whose = `it belongs to ${userInWords(owner.uid)}`;
        throw new SetupError(
          "FOREIGN",
          `cannot join ${escapeForDisplay(leaf ?? ("" as Bytes))}: ${whose}`,
          error,
        );
      }
      const isBusy = failedWith(error, "EAGAIN") && attempt < ATTEMPTS;
      if (!isBusy && !failedWith(error, "EAGAIN", "ENOENT")) throw error;
      if (!isBusy)
        throw new SetupError(
          "NOT_FOUND",
          `${escapeForDisplay(leaf ?? ("" as Bytes))} no longer exists`,
          error,
        );
      sleepSync(ATTEMPT_MS);
    }
  }
}

/** The session as the public interface shows it. */
export function running(session: Session, killMode: KillMode): Running {
  return {
    child: session.started.child,
    pid: session.pid,
    directories: hostPaths(session.directories).map(escapeForDisplay),
    isPrivate: true,
    kill: (signal) => sendSignal(session.started.child, session.pid, signal),
    ended: finish(session, killMode),
  };
}

function unprotected(command: readonly string[], options: PrivateRunOptions, why: SetupError): Running {
  options.onNotice?.(`${why.message}; running with the host's /tmp`);
  const { env = process.env, stdio = "inherit", openFiles } = options;
  const argv = withRights(options, command, env);
  const started = startCommand({ argv, env, stdio, ...(openFiles === undefined ? {} : { openFiles }) });
  const ended = started.ended.then((end) => ({ ...end, release: { outcome: "removed" } as const }));
  const { child } = started;
  return {
    child,
    pid: child.pid,
    directories: [],
    isPrivate: false,
    kill: (signal) => child.kill(signal),
    ended,
  };
}

/** Node knows whether its own child has exited; a grandchild is checked by its PID. */
function sendSignal(child: ChildProcess, pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === child.pid || pid === undefined || child.exitCode !== null) return child.kill(signal);
  return process.kill(pid, signal);
}
