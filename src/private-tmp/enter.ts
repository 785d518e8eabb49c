import type { StdioOptions } from "node:child_process";
import { bytes, show } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import { readMountInfo } from "../sys/mountinfo.js";
import { closeOnExecFrom, openProcess } from "../sys/process.js";
import { inNamespaceOf, startInside } from "./as-root.js";
import { attempt, enterWay } from "./as-user.js";
import { type DirectorySet, openDirectories } from "./directory.js";
import { environmentInside, refuseOpenDirectories } from "./environment.js";
import { type Found, find } from "./find.js";
import { namespaceOf, processesIn } from "./processes.js";
import type { Rights } from "./programs.js";
import { asSetupError, inheritedFds, type Running, running, whereTo } from "./run.js";
import { privateMounts } from "./seen.js";
import { SetupError } from "./settings.js";
import type { Plan, Stage } from "./stage.js";
import { targets } from "./targets.js";

export interface EnterOptions extends Rights {
  readonly env?: NodeJS.ProcessEnv;
  /** Looked up inside. Where it is not given: the caller's, or the nearest directory above it that is there. */
  readonly cwd?: string;
  /** As for child_process.spawn; `inherit` where it is not given. */
  readonly stdio?: StdioOptions;
  readonly openFiles?: bigint;
}

/**
 * Runs a command in the mount namespace of a process, so that it sees the private /tmp as that process does, with all
 * else that is mounted there.
 *
 * Security: as root, the program that is started is the one that the namespace's mounts show.
 *
 * @param asked a process, or the name of a private /tmp that processes live in.
 * @throws SetupError NOT_FOUND, AMBIGUOUS, FAILED; nothing was run then.
 */
export async function enter(
  asked: string | number,
  command: readonly string[],
  options: EnterOptions = {},
): Promise<Running> {
  try {
    const places = targets();
    const found = find(asked, places);
    const plan = planned(command, options);
    const isRoot = process.geteuid?.() === 0;
    for (const pid of found.pids) {
      const stage = await (isRoot ? stagedAsRoot : stagedAsUser)(pid, found, plan);
      if (stage !== undefined) return running(stage, "process");
    }
    throw new SetupError("NOT_FOUND", `no process lives in ${show(bytes(`${asked}`))} any more`);
  } catch (error) {
    throw asSetupError(error);
  }
}

function planned(command: readonly string[], options: EnterOptions): EnterPlan {
  if (command.length === 0) throw new SetupError("BAD_OPTION", "no command is given");
  const places = targets();
  const stdio = options.stdio ?? "inherit";
  refuseOpenDirectories(inheritedFds(stdio));
  return {
    command,
    rights: options,
    targets: places,
    env: environmentInside(options.env ?? process.env, places, []).env,
    stdio,
    cwd: whereTo(options.cwd),
    ...(options.openFiles === undefined ? {} : { openFiles: options.openFiles }),
  };
}

type EnterPlan = Pick<Plan, "command" | "rights" | "targets" | "env" | "stdio" | "cwd" | "openFiles">;

async function stagedAsUser(pid: number, found: Found, plan: EnterPlan): Promise<Stage> {
  const directories = lockedWhileInside(found);
  const way = enterWay({ expose: [], hasMountOptions: false }, { pids: [pid] });
  const stage = await attempt(plan, way, directories);
  if (!(stage instanceof Error)) return stage;
  for (const directory of directories) directory[Symbol.dispose]();
  throw new SetupError(
    "FORBIDDEN",
    `the namespaces of process ${pid} can't be entered (${stage.message})`,
    stage,
  );
}

async function stagedAsRoot(pid: number, found: Found, plan: EnterPlan): Promise<Stage | undefined> {
  const namespace = namespaceOf(pid);
  const directories = lockedWhileInside(found);
  try {
    using process = openProcess(pid);
    closeOnExecFrom(3);
    const started = inNamespaceOf(process, () => {
      // Between the look and the pidfd the number may have passed to another process.
      if (privateMounts(readMountInfo(), plan.targets, []).length === 0) return undefined;
      return startInside(plan);
    });
    if (started === undefined) return undefined;
    return {
      started,
      pid: started.child.pid,
      directories,
      namespace: namespace === false ? undefined : namespace,
      isLive: () => typeof namespace === "string" && processesIn(namespace).length > 0,
      close: () => {},
    };
  } catch (error) {
    for (const directory of directories) directory[Symbol.dispose]();
    if (failedWith(error, "ESRCH")) return undefined;
    throw error;
  }
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
