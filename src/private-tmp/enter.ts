/** Runs a command in the private /tmp of another process. */

import { bytes, escapeForDisplay } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import { readMountInfo } from "../sys/mountinfo.js";
import { openNamespace } from "../sys/namespace.js";
import { closeOnExecFrom } from "../sys/process.js";
import { requireEnterArguments } from "./arguments.js";
import { inNamespaceOf, startInside } from "./as-root.js";
import { attemptAsUser, enterWay } from "./as-user.js";
import { type DirectorySet, openDirectories } from "./directory.js";
import { environmentInside, refuseOpenDirectories } from "./environment.js";
import { type Found, find } from "./find.js";
import { privateMounts } from "./mount-view.js";
import type { EnterOptions } from "./options.js";
import { namespaceId, ownerOf, type ProvenOwner, userInWords } from "./owner.js";
import { processesIn } from "./processes.js";
import { requireAccounts, type UserCredentials, userCredentialsOf } from "./programs.js";
import { asSetupError, inheritedFds, type Running, running, whereTo } from "./run.js";
import type { Plan, Session } from "./session.js";
import { SetupError } from "./settings.js";
import { targets } from "./targets.js";

/**
 * Runs a command in the mount namespace of a process, so that it sees the same private /tmp and all other mounts of that
 * process.
 *
 * Security: the program is looked up in the mounts of the namespace. A name matches only private /tmps that root or the
 * caller created. If root enters a process whose mounts another user controls, the command runs as that user, unless
 * `user` is given.
 *
 * @param asked the PID of a process, or the name of a private /tmp that processes use.
 * @throws SetupError NOT_FOUND, AMBIGUOUS, FOREIGN, BAD_OPTION or FAILED; the command was not run.
 */
export async function enter(
  asked: string | number,
  command: readonly string[],
  options: EnterOptions = {},
): Promise<Running> {
  requireEnterArguments(asked, command, options);
  try {
    const places = targets();
    const found = find(asked, places);
    const plan = planned(command, options);
    const isRoot = process.geteuid?.() === 0;
    for (const pid of found.pids) {
      const session = await (isRoot ? stagedAsRoot : stagedAsUser)(pid, found, plan);
      if (session !== undefined) return running(session, "process");
    }
    requireVisible(asked, found);
    throw new SetupError("NOT_FOUND", `no process uses ${escapeForDisplay(bytes(`${asked}`))} any more`);
  } catch (error) {
    throw asSetupError(error);
  }
}

/** An ordinary user sees no processes of root, and could not enter their namespaces. */
function requireVisible(asked: string | number, { owner, pids }: Found): void {
  const caller = process.geteuid?.();
  if (pids.length > 0 || caller === 0 || owner === undefined || owner.uid === caller) return;
  const whose = `it belongs to ${userInWords(owner.uid)}`;
  throw new SetupError("FOREIGN", `cannot enter ${escapeForDisplay(bytes(`${asked}`))}: ${whose}`);
}

function planned(command: readonly string[], options: EnterOptions): EnterPlan {
  requireAccounts(options);
  if (command.length === 0) throw new SetupError("BAD_OPTION", "no command given");
  const places = targets();
  const stdio = options.stdio ?? "inherit";
  refuseOpenDirectories(inheritedFds(stdio));
  return {
    command,
    rights: options,
    targets: places,
    env: environmentInside(options.env ?? process.env, { targets: places, exposed: [] }, false).env,
    stdio,
    cwd: whereTo(options.cwd),
    ...(options.onNotice === undefined ? {} : { onNotice: options.onNotice }),
    ...(options.openFiles === undefined ? {} : { openFiles: options.openFiles }),
  };
}

type EnterPlan = Pick<Plan, "command" | "rights" | "targets" | "env" | "stdio" | "cwd" | "openFiles"> &
  Pick<EnterOptions, "onNotice">;

async function stagedAsUser(pid: number, found: Found, plan: EnterPlan): Promise<Session> {
  const directories = lockedWhileInside(found);
  const way = enterWay({ expose: [], hasMountOptions: false }, { pids: [pid] });
  const session = await attemptAsUser(plan, way, directories);
  if (!(session instanceof Error)) return session;
  for (const directory of directories) directory[Symbol.dispose]();
  throw new SetupError(
    "FORBIDDEN",
    `cannot enter the namespaces of process ${pid}: ${session.message}`,
    session,
  );
}

async function stagedAsRoot(pid: number, found: Found, plan: EnterPlan): Promise<Session | undefined> {
  const directories = lockedWhileInside(found);
  const letGo = (): undefined => {
    for (const directory of directories) directory[Symbol.dispose]();
  };
  try {
    using namespace = openNamespace(pid, "mnt");
    const owner = ownerOf(namespace, [pid]);
    // The PID may have been reused by a process of another user since.
    if (found.owner?.isTrusted === true && !owner.isTrusted) return letGo();
    const id = namespaceId(namespace);
    const asOwner = owner.isTrusted ? undefined : forStranger(pid, owner, plan);
    closeOnExecFrom(3);
    const started = inNamespaceOf(namespace, () => {
      if (privateMounts(readMountInfo(), plan.targets, []).length === 0) return undefined;
      return startInside({ ...plan, ...asOwner }, asOwner?.credentials);
    });
    if (started === undefined) return letGo();
    return {
      started,
      pid: started.child.pid,
      directories,
      namespace: id,
      isLive: () => processesIn(id).length > 0,
      close: () => {},
    };
  } catch (error) {
    letGo();
    if (failedWith(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

/** The variables of the caller's environment that another user's program may see. */
const HARMLESS = /^(PATH|TERM|COLORTERM|LANG|LANGUAGE|LC_[A-Z]+|TZ|PWD)$/;

/**
 * A user who controls the mounts chooses every program and library that is loaded. So the command is started as that user
 * and without the caller's environment, by this process and not by a program of the namespace, unless `user` is given.
 */
function forStranger(
  pid: number,
  { uid }: ProvenOwner,
  plan: EnterPlan,
): Pick<Plan, "rights" | "env"> & { credentials: UserCredentials } {
  const { user, group, dropCapabilities: _none, ...rights } = plan.rights;
  const whose = `the mounts of process ${pid} belong to ${userInWords(uid)}`;
  if (user === undefined && uid === 0) {
    const why = `${whose}, in another user namespace, such as that of a container`;
    throw new SetupError("BAD_OPTION", `${why}; use --user to select the user to run COMMAND as`);
  }
  const credentials = userCredentialsOf(user ?? `${uid}`, group);
  const as = userInWords(credentials.uid);
  plan.onNotice?.(`${whose}, who controls which programs are found there; running COMMAND as ${as}`);
  const env = Object.fromEntries(Object.entries(plan.env).filter(([name]) => HARMLESS.test(name)));
  return { rights, env: user === undefined ? env : plan.env, credentials };
}

/** Locks the directories, so that they stay until all users have exited. Directories of other users cannot be locked. */
function lockedWhileInside({ mode, locations }: Found): DirectorySet {
  if (mode === "disconnected") return [];
  try {
    return openDirectories(locations);
  } catch (error) {
    if (error instanceof UnsafePathError || failedWith(error, "ENOENT", "EAGAIN", "EACCES")) return [];
    throw error;
  }
}
