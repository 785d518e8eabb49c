/** Sets up a private /tmp as root, with system calls of this process. */
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_PATH, openat } from "../sys/files.js";
import { mountAt, readMountInfo } from "../sys/mountinfo.js";
import {
  CLONE_FS,
  CLONE_NEWNS,
  fchdir,
  openNamespace,
  SavedNamespace,
  setns,
  unshare,
} from "../sys/namespace.js";
import { closeOnExecFrom } from "../sys/process.js";
import { type Started, startCommand } from "./command.js";
import type { Detached } from "./detached-mount.js";
import type { DirectorySet } from "./directory.js";
import { openNearest } from "./environment.js";
import { type Exposed, openExposed } from "./expose.js";
import { boundMount, directoryMounts, emptyMount, inNewNamespace, tmpfsMounts } from "./mounts.js";
import { ownerOf } from "./owner.js";
import { ownNamespace } from "./processes.js";
import { type UserCredentials, withRights } from "./programs.js";
import { isAttached, type Plan, type Session } from "./session.js";
import { SetupError } from "./settings.js";

/** Mounts directories of the host. A target without one gets an empty read-only directory. */
export function prepareDirectories(plan: Plan, directories: DirectorySet): Session {
  const exposed = openExposed(plan.expose, plan.targets, plan.settings);
  const mounts = directoryMounts(directories, plan.settings, exposed);
  const uncovered = plan.targets.filter((target) => !mounts.some((mount) => mount.target === target));
  return session(
    plan,
    [...mounts, ...uncovered.map((target) => emptyMount(target, plan.settings))],
    exposed,
    directories,
  );
}

export function prepareTmpfs(plan: Plan, leaf: Bytes): Session {
  const exposed = openExposed(plan.expose, plan.targets, plan.settings);
  return session(plan, tmpfsMounts(plan.targets, leaf, plan.settings, exposed), exposed, []);
}

/**
 * Mounts the tmpfs that another process sees. Only root or the caller may control the mounts of that process: another
 * user's tmpfs would give that user control over the command.
 */
export function prepareSharedTmpfs(plan: Plan, leaf: Bytes | undefined, pids: readonly number[]): Session {
  const exposed = openExposed(plan.expose, plan.targets, plan.settings);
  for (const pid of pids) {
    const mounts = cloneFrom(pid, leaf, plan, exposed);
    if (mounts !== undefined) return session(plan, mounts, exposed, []);
  }
  throw new SetupError("NOT_FOUND", "the last process in this private /tmp has exited");
}

/** Clones the mounts that a process has at the targets; undefined if it has exited. */
function cloneFrom(
  pid: number,
  leaf: Bytes | undefined,
  plan: Plan,
  exposed: readonly Exposed[],
): Detached[] | undefined {
  try {
    using namespace = openNamespace(pid, "mnt");
    if (!ownerOf(namespace, [pid]).isTrusted) return undefined;
    return inNamespaceOf(namespace, () => {
      const mounts = readMountInfo();
      return plan.targets.flatMap((target) => {
        const mount = mountAt(mounts, target);
        if (mount?.point !== target || mount.type !== "tmpfs") return [];
        if (leaf !== undefined && mount.source !== leaf) return [];
        using directory = openat(Fd.cwd, target, O_PATH | O_DIRECTORY);
        return [boundMount(directory, target, plan.settings, exposed)];
      });
    });
  } catch (error) {
    if (failedWith(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

/** Runs `act` synchronously in a mount namespace. */
export function inNamespaceOf<Result>(namespace: Fd, act: () => Result): Result {
  using place = new SavedNamespace();
  // A thread that shares its root and working directory with others can't change its mount namespace (EINVAL).
  unshare(CLONE_FS);
  try {
    setns(namespace, CLONE_NEWNS);
    return act();
  } finally {
    place.return();
  }
}

function session(
  plan: Plan,
  mounts: readonly Detached[],
  exposed: readonly Exposed[],
  directories: DirectorySet,
): Session {
  try {
    closeOnExecFrom(3);
    const { started, namespace } = inNewNamespace(mounts, exposed, () => ({
      started: startInside(plan),
      namespace: ownNamespace(),
    }));
    return {
      started,
      pid: started.child.pid,
      directories,
      namespace,
      isLive: () => mounts.some(({ mount }) => isAttached(mount)),
      close: () => closeAll(mounts),
    };
  } catch (error) {
    closeAll(mounts);
    throw error;
  } finally {
    for (const { mount } of exposed) mount.close();
  }
}

function closeAll(mounts: readonly Detached[]): void {
  for (const { mount } of mounts) mount.close();
}

/** Starts the command in the directory that has the path of the requested working directory inside. */
export function startInside(
  plan: Pick<Plan, "command" | "rights" | "env" | "stdio" | "cwd" | "openFiles">,
  credentials?: UserCredentials,
): Started {
  const { path, isInherited } = plan.cwd;
  using directory = isInherited ? openNearest(path) : openat(Fd.cwd, path, O_PATH | O_DIRECTORY);
  fchdir(directory);
  const env = { ...plan.env, ...movedTo(directory, plan) };
  const argv = withRights(plan.rights, plan.command, env);
  return startCommand({ ...plan, argv, env, ...(credentials === undefined ? {} : { credentials }) });
}

/** Shells verify PWD, but other programs trust it. */
function movedTo(directory: Fd, { cwd, env }: Pick<Plan, "cwd" | "env">): NodeJS.ProcessEnv {
  return env.PWD === undefined || directory.path === cwd.path ? {} : { PWD: directory.path };
}
