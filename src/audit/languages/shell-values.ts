/** What variables and commands of a shell script contribute to a path. */
import type { Call, Expression, PartKind } from "../program/program.js";

const partOf = (kind: PartKind, label: string, at: number): Expression => ({
  kind: "part",
  part: kind,
  label,
  at,
});

const SPECIAL: Readonly<Record<string, PartKind>> = {
  $: "pid",
  "!": "pid",
  PPID: "pid",
  BASHPID: "pid",
  RANDOM: "weak",
  SRANDOM: "random",
  SECONDS: "time",
  EPOCHSECONDS: "time",
  "0": "environment",
  "#": "environment",
  "?": "environment",
  "-": "environment",
};

/** The parameters that the shell sets itself. */
export function specialParameter(name: string, at: number): Expression | undefined {
  const kind = Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
  return kind === undefined ? undefined : partOf(kind, kind === "pid" ? "pid" : name, at);
}

/** Variables of the environment: not random, and known to other users or easy to guess. */
const ENVIRONMENT = /^(USER|LOGNAME|UID|EUID|HOSTNAME|HOST|DISPLAY|LANG|SHELL|TERM|SUDO_USER)$/;

/** A variable that the script does not set. */
export function freeVariable(name: string, at: number): Expression | undefined {
  if (/^(TMPDIR|TMP|TEMP|TEMPDIR)$/.test(name)) return partOf("directory", `$${name}`, at);
  if (ENVIRONMENT.test(name)) return partOf("environment", name, at);
  return undefined;
}

const RESULTS: Readonly<Record<string, PartKind>> = {
  date: "time",
  whoami: "environment",
  id: "environment",
  hostname: "environment",
  uname: "environment",
  logname: "environment",
  tty: "environment",
  uuidgen: "random",
  openssl: "random",
  pwgen: "random",
  mcookie: "random",
  tempfile: "private",
};

/** What a command prints, if it is one of those that scripts build names from. */
export function commandResult(call: Call): Expression | undefined {
  const { callee, args, at } = call;
  if (callee === "mktemp") return partOf(isDry(call) ? "random" : "private", "mktemp", at);
  if (callee === "echo" || callee === "printf") return printed(call);
  if (callee === "basename") return partOf("environment", "basename", at);
  if (callee === "cat" && args.some((each) => each.kind === "text" && /random/.test(each.text)))
    return partOf("random", "random", at);
  const kind = Object.hasOwn(RESULTS, callee) ? RESULTS[callee] : undefined;
  return kind === undefined ? undefined : partOf(kind, kind === "time" ? "time" : callee, at);
}

/** mktemp -u prints a name and creates nothing. */
export function isDry({ args }: Call): boolean {
  return args.some((each) => each.kind === "text" && /^(-[a-zA-Z]*u[a-zA-Z]*|--dry-run)$/.test(each.text));
}

/** What echo and printf print. */
export function printed({ callee, args, at }: Pick<Call, "callee" | "args" | "at">): Expression {
  const [template, ...rest] = args.filter((each) => !(each.kind === "text" && /^-[neE]+$/.test(each.text)));
  if (template === undefined) return { kind: "text", text: "", at };
  return callee === "printf" ? { kind: "format", template, args: rest, at } : template;
}
