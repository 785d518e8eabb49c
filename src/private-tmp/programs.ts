/** Finds the programs that a private /tmp needs, and builds the command line that drops privileges. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { bytes, escapeForDisplay, toText } from "../base/bytes.js";
import { hostAccounts, userName } from "../sys/accounts.js";
import { SetupError } from "./settings.js";

const PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The full path of a program in the host's own directories. The caller's PATH is not used, since it may contain directories of other users. */
export function findProgram(name: string): string | undefined {
  return PLACES.split(":")
    .map((place) => `${place}/${name}`)
    .find(isExecutable);
}

export function needProgram(name: string, of: string): string {
  const path = findProgram(name);
  if (path !== undefined) return path;
  throw new SetupError("MISSING_PROGRAM", `${name} not found; install ${of}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Spawning one of these fails like the command would, without running anything. */
const FAILING = { ENOENT: "/proc/-1", EACCES: "/" };

/**
 * The command line, prefixed with setpriv(1). If the command does not exist or cannot be executed, spawn fails instead:
 * setpriv would print its name to the terminal without escaping it.
 */
export function withRights(rights: Rights, command: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const words = rightsCommand(rights);
  const failure = words.length === 0 ? undefined : startFailure(command[0] ?? "", env.PATH);
  return failure === undefined ? [...words, ...command] : [FAILING[failure]];
}

function startFailure(command: string, path = PLACES): keyof typeof FAILING | undefined {
  const candidates = command.includes("/")
    ? [command]
    : path.split(":").map((place) => `${place || "."}/${command}`);
  const found = candidates.filter((candidate) => existsSync(candidate));
  if (found.length === 0) return "ENOENT";
  return found.some((each) => isExecutable(each) && statSync(each).isFile()) ? undefined : "EACCES";
}

/** How to reduce the command's privileges. */
export interface Rights {
  /** The user and group to run it as, by name or number. */
  readonly user?: string;
  readonly group?: string;
  readonly noNewPrivileges?: boolean;
  readonly dropCapabilities?: boolean;
  /** Kill the command when the process that started it exits. */
  readonly dieWithParent?: boolean;
}

const NO_CAPABILITIES = ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"];

/** The setpriv(1) command line that drops the privileges; empty if none are dropped. */
export function rightsCommand(rights: Rights): string[] {
  const options = [
    ...userOptions(rights),
    ...(rights.dropCapabilities === true ? NO_CAPABILITIES : []),
    ...(rights.noNewPrivileges === true ? ["--no-new-privs"] : []),
    ...(rights.dieWithParent === true ? ["--pdeathsig=KILL"] : []),
  ];
  return options.length === 0 ? [] : [needProgram("setpriv", "util-linux"), ...options, "--"];
}

function userOptions({ user, group }: Rights): string[] {
  if (user === undefined && group === undefined) return [];
  const isNamed = user !== undefined && !isNumber(user);
  const gid = group === undefined ? (isNamed ? primaryGroup(user) : user) : groupId(group);
  return [
    ...(user === undefined ? [] : [`--reuid=${user}`]),
    `--regid=${gid}`,
    isNamed ? "--init-groups" : "--clear-groups",
  ];
}

/** The UID and GID of a process. */
export interface UserCredentials {
  readonly uid: number;
  readonly gid: number;
}

/** The UID of a user, and the GID of `group` or else of the user's primary group. */
export function userCredentialsOf(user: string, group?: string): UserCredentials {
  const uid = isNumber(user) ? Number(user) : hostAccounts.user(bytes(user));
  if (uid === undefined) throw unknownAccount("user", user);
  const name = toText(userName(uid));
  const gid = group === undefined ? (isNumber(name) ? name : primaryGroup(name)) : groupId(group);
  return { uid, gid: Number(gid) };
}

function isNumber(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

/** Rejects a user or group that does not exist, before anything is created. */
export function requireAccounts({ user, group }: Rights): void {
  if (group !== undefined) groupId(group);
  if (user !== undefined && !isNumber(user)) primaryGroup(user);
}

function groupId(group: string): string {
  if (isNumber(group)) return group;
  const id = hostAccounts.group(bytes(group));
  if (id === undefined) throw unknownAccount("group", group);
  return `${id}`;
}

/** Uses id(1), which knows the host's directory services. */
function primaryGroup(user: string): string {
  const { status, stdout } = spawnSync(needProgram("id", "coreutils"), ["-g", "--", user], {
    encoding: "latin1",
  });
  if (status === 0) return stdout.trim();
  throw unknownAccount("user", user);
}

function unknownAccount(kind: "user" | "group", name: string): SetupError {
  return new SetupError("BAD_OPTION", `unknown ${kind} "${escapeForDisplay(bytes(name))}"`);
}
