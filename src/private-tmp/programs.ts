/** The programs that a private /tmp needs, and the one that takes rights away. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { bytes, escapeForDisplay, toText } from "../base/bytes.js";
import { hostAccounts, userName } from "../sys/accounts.js";
import { SetupError } from "./settings.js";

const PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A program's full path, from where the host keeps its own: the caller's PATH may lead to anybody's. */
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

/** Spawning one of these fails as the command would, and can't run anything. */
const FAILING = { ENOENT: "/proc/-1", EACCES: "/" };

/**
 * The command line with setpriv(1) before it. A command that does not exist or can't be executed is left to fail in our
 * own hands: setpriv would write its name to the terminal as it is.
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

/** How the command's rights are to be less than the caller's. */
export interface Rights {
  /** Whom to run it as, by name or number. */
  readonly user?: string;
  readonly group?: string;
  readonly noNewPrivileges?: boolean;
  readonly dropCapabilities?: boolean;
  /** The command is killed when the process that started it ends. */
  readonly dieWithParent?: boolean;
}

const NO_CAPABILITIES = ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"];

/** The command line that takes the rights away and then becomes the command, setpriv(1); none where nothing is taken. */
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

/** Who a process is, as numbers. */
export interface UserCredentials {
  readonly uid: number;
  readonly gid: number;
}

/** The numbers of a user, and of their primary group if no other is named. */
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

/** Refuses a user or group that does not exist, before anything is made for the command. */
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

/** By id(1), which asks whatever directory service the host has. */
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
