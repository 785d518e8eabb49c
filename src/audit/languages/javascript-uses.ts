/** What the functions of Node and of common packages do with paths, and what they return. */
import type { Call, Expression, PartKind } from "../program/program.js";
import type { Action, Use } from "../source/use.js";
import { commandOf } from "./commands.js";

const partOf = (kind: PartKind, label: string, at: number): Expression => ({
  kind: "part",
  part: kind,
  label,
  at,
});

/** By the last part of the name, since modules are imported under many names. */
const RESULTS: Readonly<Record<string, PartKind>> = {
  tmpdir: "directory",
  tmpDir: "directory",
  now: "time",
  getTime: "time",
  toISOString: "time",
  hostname: "environment",
  random: "random",
  randomBytes: "random",
  randomUUID: "random",
  randomInt: "random",
  uuid: "random",
  uuidv4: "random",
  v4: "random",
  nanoid: "random",
  mkdtemp: "private",
  mkdtempSync: "private",
  digest: "random",
};
const SAME =
  /^(String|Number|parseInt|floor|round|ceil|normalize|realpathSync|realpath|fileURLToPath|toNamespacedPath|untildify|resolveHome|dirname|decodeURIComponent|encodeURIComponent)$/;
const OF_RECEIVER =
  /^(toString|trim|replace|replaceAll|toLowerCase|toUpperCase|slice|substring|substr|concat|normalize|valueOf)$/;

export function javaScriptResult({ callee, args, receiver, at }: Call): Expression | undefined {
  const name = callee.slice(callee.lastIndexOf(".") + 1);
  if (name === "join" || name === "resolve") {
    if (args.length > 1 || /(^|\.|_)(path|posix)\b/.test(callee)) return { kind: "path", parts: args, at };
    return receiver?.kind === "list" ? { kind: "path", parts: receiver.items, at } : undefined;
  }
  const [first, ...rest] = args;
  if (/^(util\.)?format$/.test(callee) && first !== undefined)
    return { kind: "format", template: first, args: rest, at };
  if (/(^|\.)(assign|extend|defaults|merge)$/.test(callee)) return { kind: "choice", of: args, at };
  if (SAME.test(name)) return first;
  if (OF_RECEIVER.test(name) && receiver !== undefined)
    return name === "concat" ? { kind: "join", parts: [receiver, ...args], at } : receiver;
  const kind = Object.hasOwn(RESULTS, name) ? RESULTS[name] : undefined;
  return kind === undefined ? undefined : partOf(kind, kind === "time" ? "time" : `${callee}()`, at);
}

export function freeJavaScript(name: string, at: number): Expression | undefined {
  if (name === "process.pid" || name === "process.ppid") return partOf("pid", "pid", at);
  const variable = /(?:^|\.)env\.(\w+)$/.exec(name)?.[1];
  if (variable !== undefined && /^(TMPDIR|TMP|TEMP)$/.test(variable))
    return partOf("directory", `$${variable}`, at);
  if (variable !== undefined && /^(USER|LOGNAME|HOSTNAME|UID)$/.test(variable))
    return partOf("environment", variable, at);
  return undefined;
}

/** What functions of node:fs, and of packages like it, do with their first argument. */
const FILES: Readonly<Record<string, Action>> = {
  writeFile: "create",
  appendFile: "create",
  createWriteStream: "create",
  outputFile: "create",
  outputJson: "create",
  writeJson: "create",
  writeJSON: "create",
  ensureFile: "create",
  mkdirp: "directory",
  mkdirs: "directory",
  ensureDir: "directory",
  emptyDir: "directory",
  chmod: "change",
  chown: "change",
  truncate: "change",
  exists: "check",
  access: "check",
  stat: "check",
  lstat: "check",
  pathExists: "check",
};
/** Distinctive enough to be recognized without their module. */
const BARE =
  /^(writeFile(Sync)?|appendFile(Sync)?|createWriteStream|outputFile(Sync)?|writeJson(Sync)?|mkdirp(Sync)?|ensureDir(Sync)?|ensureFile(Sync)?|mkdirSync|openSync|copyFile(Sync)?|chmodSync|chownSync|existsSync|writeJsonFile(Sync)?|writeFileAtomic(Sync)?|makeDir)$/;
const FS =
  /(^|[._])(fs|fsp|fse|fsPromises|promises|fsExtra|gracefulFs|graceful_fs)(_?\d*)(\.default|\.promises)*$|[a-z]Fs$|(^|\.)mkdirp$/;
const PROCESSES =
  /^(exec|execSync|execFile|execFileSync|spawn|spawnSync|fork|execa|execaSync|execAsync|shellExec)$/;
const OF_PROCESSES = /(^|[._])(child_?[pP]rocess|cp|childproc|shell|shelljs|proc|sh)(_\d+)?(\.default)?$/;

export function javaScriptUses(call: Call, text: string): readonly Use[] {
  const { callee, args } = call;
  const dot = callee.lastIndexOf(".");
  const [base, name] = [callee.slice(0, Math.max(dot, 0)), callee.slice(dot + 1)];
  const [path] = args;
  if (path === undefined) return [];
  if (PROCESSES.test(name) && (base === "" || OF_PROCESSES.test(base))) return started(name, args);
  if (callee === "require" || callee === "import") return path.kind === "text" ? [] : only("execute", path);
  if (/^JSON\.parse$/.test(callee)) return parsed(path);
  if (name === "listen" && /\bnet\b|http|createServer/.test(text))
    return path.kind === "object" ? [] : only("socket", path);
  if (/^(writeJsonFile|writeFileAtomic|makeDir|mkdirp)(Sync|\.sync)?$/.test(callee))
    return only(/ir/.test(name) || /mkdirp/.test(callee) ? "directory" : "create", path);
  const isFile = base === "" ? BARE.test(name) : FS.test(base);
  return isFile ? fileUses(name.replace(/Sync$/, ""), args, text) : [];
}

function fileUses(name: string, args: readonly Expression[], text: string): readonly Use[] {
  const [path, second, third] = args;
  if (/^copy(File)?$/.test(name)) return only("create", second);
  if (name === "open") return opened(path, second);
  if (name === "mkdir") return madeDirectory(path, second, text);
  if (isExclusive(second) || isExclusive(third)) return [];
  if (name === "rm" || name === "remove" || name === "rmdir")
    return fieldText(second, "recursive") === "true" ? only("remove", path) : [];
  return only(Object.hasOwn(FILES, name) ? FILES[name] : undefined, path);
}

function only(action: Action | undefined, path: Expression | undefined): readonly Use[] {
  return action === undefined || path === undefined ? [] : [{ action, path }];
}

function fieldText(options: Expression | undefined, field: string): string {
  const value = options?.kind === "object" ? options.fields.get(field) : undefined;
  return value?.kind === "text" ? value.text : "";
}

/** The flag wx, ax or O_EXCL: the call fails if the file exists. */
function isExclusive(options: Expression | undefined): boolean {
  return /x/.test(fieldText(options, "flag") + fieldText(options, "flags"));
}

function opened(path: Expression | undefined, flags: Expression | undefined): readonly Use[] {
  const text = flags?.kind === "text" ? flags.text : flags?.kind === "part" ? flags.label : "r";
  if (/x|O_EXCL/.test(text)) return [];
  return /[wa+]|O_CREAT|O_TRUNC/.test(text) ? only("create", path) : [];
}

function madeDirectory(
  path: Expression | undefined,
  options: Expression | undefined,
  text: string,
): readonly Use[] {
  const tolerates = fieldText(options, "recursive") === "true" || /EEXIST|exists(Sync)?\(|catch/.test(text);
  return tolerates ? only("directory", path) : [];
}

/** JSON.parse(fs.readFileSync(path)). */
function parsed(argument: Expression): readonly Use[] {
  if (argument.kind !== "call") return [];
  const { callee, args, receiver } = argument.call;
  if (/readFileSync$/.test(callee)) return only("read", args[0]);
  return /toString$/.test(callee) && receiver !== undefined ? parsed(receiver) : [];
}

function started(name: string, args: readonly Expression[]): readonly Use[] {
  const [command, list] = args;
  if (/^(exec|execSync|execAsync|shellExec)$/.test(name)) return commandOf(command);
  if (name === "fork") return only("execute", command);
  return command === undefined
    ? []
    : commandOf({ kind: "list", items: [command], at: command.at }, list?.kind === "list" ? list.items : []);
}
