/** Runs a command in the private /tmp that a process sees. */

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
 * Runs a command in the mount namespace of a process, so that it sees the private /tmp as that process does, with all
 * else that is mounted there.
 *
 * Security: the program that is started is the one that the namespace's mounts show. A name finds only what root or the
 * caller made. If root enters a process whose mounts belong to another user, the command runs as that user, unless
 * `user` says otherwise.
 *
 * @param asked a process, or the name of a private /tmp that processes live in.
 * @throws SetupError NOT_FOUND, AMBIGUOUS, FAILED; nothing was run then.
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
    throw new SetupError("NOT_FOUND", `no process runs in ${escapeForDisplay(bytes(`${asked}`))} any more`);
  } catch (error) {
    throw asSetupError(error);
  }
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
    // Since the look the number may have passed to another user's process.
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

/** What a stranger's program may know of the caller's environment. */
const HARMLESS = /^(PATH|TERM|COLORTERM|LANG|LANGUAGE|LC_[A-Z]+|TZ|PWD)$/;

/**
 * Where another user mounts, every program and library is that user's choice. So the command starts as that user, by this
 * process and by no program of the namespace, and without the caller's environment, unless a user is named.
 */
function forStranger(
  pid: number,
  { uid }: ProvenOwner,
  plan: EnterPlan,
): Pick<Plan, "rights" | "env"> & { credentials: UserCredentials } {
  const { user, group, dropCapabilities: _none, ...rights } = plan.rights;
  const whose = `the mounts of process ${pid} belong to ${userInWords(uid)}`;
  if (user === undefined && uid === 0) {
    const why = `${whose}, in another user namespace, as of a container`;
    throw new SetupError("BAD_OPTION", `${why}; name the user to run COMMAND as (--user)`);
  }
  const credentials = userCredentialsOf(user ?? `${uid}`, group);
  const as = userInWords(credentials.uid);
  plan.onNotice?.(`${whose}, who chooses what programs are found there; running COMMAND as ${as}`);
  const env = Object.fromEntries(Object.entries(plan.env).filter(([name]) => HARMLESS.test(name)));
  return { rights, env: user === undefined ? env : plan.env, credentials };
}

/** The locks, so that who leaves first does not take the directories away; another user's are not ours to lock. */
function lockedWhileInside({ mode, locations }: Found): DirectorySet {
  if (mode === "disconnected") return [];
  try {
    return openDirectories(locations);
  } catch (error) {
    if (error instanceof UnsafePathError || failedWith(error, "ENOENT", "EAGAIN", "EACCES")) return [];
    throw error;
  }
}
