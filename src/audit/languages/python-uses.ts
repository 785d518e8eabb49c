/** What the functions of Python's standard library do with paths, and what they return. */
import type { Call, Expression, PartKind } from "../program/program.js";
import type { Action, Use } from "../source/use.js";
import { commandOf } from "./commands.js";
import { TOLERATES } from "./python.js";

const partOf = (kind: PartKind, label: string, at: number): Expression => ({
  kind: "part",
  part: kind,
  label,
  at,
});

const RESULTS: Readonly<Record<string, PartKind>> = {
  "tempfile.gettempdir": "directory",
  gettempdir: "directory",
  "os.getpid": "pid",
  "os.getppid": "pid",
  getpid: "pid",
  "time.time": "time",
  "time.strftime": "time",
  "datetime.now": "time",
  "datetime.datetime.now": "time",
  "datetime.datetime.utcnow": "time",
  "getpass.getuser": "environment",
  "os.getuid": "environment",
  "os.geteuid": "environment",
  "os.getlogin": "environment",
  "socket.gethostname": "environment",
  "random.randint": "weak",
  "random.randrange": "weak",
  "uuid.uuid4": "random",
  "uuid.uuid1": "random",
  uuid4: "random",
  "secrets.token_hex": "random",
  "secrets.token_urlsafe": "random",
  "os.urandom": "random",
};
const CREATED =
  /^(tempfile\.)?(mkdtemp|mkstemp|NamedTemporaryFile|TemporaryDirectory|SpooledTemporaryFile|TemporaryFile)$/;
/** They return their first argument, as far as a path is concerned. */
const SAME =
  /^(str|unicode|bytes|Path|PurePath|pathlib\.Path|pathlib\.PurePath|os\.path\.(abspath|realpath|normpath|expanduser|expandvars)|os\.fspath|os\.fsencode|repr|quote|shlex\.quote|pipes\.quote)$/;
/** Methods that return what they are called on. */
const OF_RECEIVER =
  /\.(strip|rstrip|lstrip|encode|decode|resolve|absolute|as_posix|expanduser|lower|replace|joinpath|__str__)$/;

export function pythonResult({ callee, args, named, receiver, at }: Call): Expression | undefined {
  if (CREATED.test(callee)) return partOf("private", callee, at);
  if (SAME.test(callee)) return args.length > 1 ? { kind: "path", parts: args, at } : args[0];
  if (/^(os\.path\.join|posixpath\.join|path\.join|join)$/.test(callee) && args.length > 0)
    return { kind: "path", parts: args, at };
  if (/^os\.(environ\.get|getenv)$/.test(callee) && args[0]?.kind === "text")
    return environment(args[0].text, args[1], at);
  if (receiver !== undefined) {
    if (callee.endsWith(".format"))
      return { kind: "format", template: receiver, args: [...args, ...named.values()], at };
    if (callee.endsWith(".joinpath")) return { kind: "path", parts: [receiver, ...args], at };
    if (/\.(with_suffix|with_name)$/.test(callee)) return { kind: "join", parts: [receiver, ...args], at };
    if (OF_RECEIVER.test(callee)) return receiver;
    if (/\.(strftime|isoformat|timestamp)$/.test(callee)) return partOf("time", "time", at);
    if (/\.(hexdigest|hex)$/.test(callee)) return partOf("random", "digest", at);
  }
  const kind = Object.hasOwn(RESULTS, callee) ? RESULTS[callee] : undefined;
  if (kind !== undefined) return partOf(kind, kind === "pid" || kind === "time" ? kind : `${callee}()`, at);
  return /^random\./.test(callee) ? partOf("random", "random", at) : undefined;
}

function environment(name: string, fallback: Expression | undefined, at: number): Expression {
  const given = freePython(`os.environ.${name}`, at) ?? partOf("unknown", name, at);
  return fallback === undefined ? given : { kind: "choice", of: [given, fallback], at };
}

export function freePython(name: string, at: number): Expression | undefined {
  const variable = /^os\.environ\.(\w+)$/.exec(name)?.[1];
  if (variable !== undefined && /^(TMPDIR|TMP|TEMP)$/.test(variable))
    return partOf("directory", `$${variable}`, at);
  if (variable !== undefined && /^(USER|LOGNAME|HOSTNAME|DISPLAY)$/.test(variable))
    return partOf("environment", variable, at);
  return name === "tempfile.tempdir" ? partOf("directory", name, at) : undefined;
}

/** What is done with the first argument. */
const FIRST: Readonly<Record<string, Action>> = {
  "os.chmod": "change",
  "os.chown": "change",
  "os.truncate": "change",
  "os.mkfifo": "fifo",
  "os.mknod": "fifo",
  "shutil.rmtree": "remove",
  "os.path.exists": "check",
  "os.path.isfile": "check",
  "os.path.isdir": "check",
  "os.path.islink": "check",
  "os.access": "check",
  "os.stat": "check",
  "os.lstat": "check",
  execfile: "execute",
  "imp.load_source": "execute",
  "runpy.run_path": "execute",
  "ctypes.CDLL": "execute",
  "logging.FileHandler": "create",
  FileHandler: "create",
  RotatingFileHandler: "create",
  TimedRotatingFileHandler: "create",
  "logging.handlers.RotatingFileHandler": "create",
  "logging.handlers.TimedRotatingFileHandler": "create",
  "sqlite3.connect": "create",
  "shelve.open": "create",
  "dbm.open": "create",
  FileLock: "lock",
  "filelock.FileLock": "lock",
  "np.save": "create",
  "numpy.save": "create",
  "plt.savefig": "create",
};
/** What is done with the second one. */
const SECOND: Readonly<Record<string, Action>> = {
  "shutil.copy": "create",
  "shutil.copy2": "create",
  "shutil.copyfile": "create",
  "urllib.urlretrieve": "create",
  "urllib.request.urlretrieve": "create",
  urlretrieve: "create",
  "shutil.copytree": "directory",
};
const METHODS: Readonly<Record<string, Action>> = {
  write_text: "create",
  write_bytes: "create",
  touch: "create",
  chmod: "change",
};
const COMMANDS =
  /^(os\.(system|popen)|commands\.(getoutput|getstatusoutput)|subprocess\.(call|run|Popen|check_call|check_output|getoutput|getstatusoutput)|Popen|check_call|check_output|run_command|system)$/;

export function pythonUses(call: Call, text: string): readonly Use[] {
  const { callee, args, named, receiver } = call;
  const [path, second] = args;
  if (/^(tempfile\.mktemp|mktemp|os\.tempnam|os\.tmpnam)$/.test(callee)) return [{ action: "race" }];
  if (COMMANDS.test(callee)) return commandOf(path);
  if (/^(logging\.)?basicConfig$/.test(callee)) return only("create", named.get("filename"));
  if (
    /^(open|io\.open|codecs\.open|gzip\.open|bz2\.open|lzma\.open|file|tarfile\.open|zipfile\.ZipFile|ZipFile|GzipFile)$/.test(
      callee,
    )
  )
    return opened(path ?? named.get("file") ?? named.get("name"), second ?? named.get("mode"));
  if (callee === "os.open") return descriptor(path, second);
  if (/^os\.(mkdir|makedirs)$/.test(callee)) {
    const tolerated = textOf(named.get("exist_ok")) === "True" || TOLERATES.test(text);
    return tolerated ? only("directory", path) : [];
  }
  if (/\.bind$/.test(callee) && /AF_UNIX/.test(text)) return only("socket", path);
  if (callee === "exec" && path?.kind === "call") return only("execute", openedIn(path));
  if (Object.hasOwn(FIRST, callee)) return only(FIRST[callee], path);
  if (Object.hasOwn(SECOND, callee)) return only(SECOND[callee], second);
  if (receiver === undefined) return [];
  const method = callee.slice(callee.lastIndexOf(".") + 1);
  if (method === "open") return opened(receiver, path ?? named.get("mode"));
  if (method === "mkdir") return textOf(named.get("exist_ok")) === "True" ? only("directory", receiver) : [];
  if (/^to_(csv|json|pickle|excel)$|^savefig$/.test(method)) return only("create", path);
  return only(Object.hasOwn(METHODS, method) ? METHODS[method] : undefined, receiver);
}

function only(action: Action | undefined, path: Expression | undefined): readonly Use[] {
  return action === undefined || path === undefined ? [] : [{ action, path }];
}

const textOf = (each: Expression | undefined): string => (each?.kind === "text" ? each.text : "");

function opened(path: Expression | undefined, mode: Expression | undefined): readonly Use[] {
  return path === undefined ? [] : [{ action: "read", path, ...(mode === undefined ? {} : { mode }) }];
}

function descriptor(path: Expression | undefined, flags: Expression | undefined): readonly Use[] {
  const text = flags?.kind === "part" ? flags.label : flags?.kind === "name" ? flags.name : "";
  if (/O_EXCL|O_TMPFILE|O_DIRECTORY|O_PATH/.test(text)) return [];
  return only(/O_CREAT|O_TRUNC|O_WRONLY|O_RDWR/.test(text) ? "create" : "read", path);
}

/** The path in `open(path).read()`. */
function openedIn({ call }: Extract<Expression, { readonly kind: "call" }>): Expression | undefined {
  const { receiver } = call;
  return receiver?.kind === "call" && receiver.call.callee === "open" ? receiver.call.args[0] : undefined;
}
