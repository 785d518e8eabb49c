/** What the functions of C, POSIX, GLib and the C++ library do with paths, and what they return. */
import type { Call, Expression, PartKind } from "../program/program.js";
import type { Action, Use } from "../source/use.js";

const partOf = (kind: PartKind, label: string, at: number): Expression => ({
  kind: "part",
  part: kind,
  label,
  at,
});

const RESULTS: Readonly<Record<string, PartKind>> = {
  getpid: "pid",
  getppid: "pid",
  pthread_self: "pid",
  gettid: "pid",
  time: "time",
  clock: "time",
  rand: "weak",
  random: "weak",
  lrand48: "weak",
  getuid: "environment",
  geteuid: "environment",
  getlogin: "environment",
  g_get_user_name: "environment",
  getprogname: "environment",
  arc4random: "random",
  arc4random_uniform: "random",
  getrandom: "random",
  g_uuid_string_random: "random",
  mkdtemp: "private",
  g_mkdtemp: "private",
  g_dir_make_tmp: "private",
  g_get_tmp_dir: "directory",
  temp_directory_path: "directory",
  tempPath: "directory",
};

/** They return one of their arguments, or a text made of them. */
const COPIES =
  /^(x?strdup|g_strdup|strndup|xstrdup|g_strndup|string|c_str|str|QString|fromLatin1|fromUtf8|path|savestring|_|N_|_T|TEXT)$/;

export function cResult(call: Call): Expression | undefined {
  const { callee, args, at } = call;
  const name = callee.replace(/^\./, "");
  if (/^(secure_)?getenv$|^g_getenv$/.test(name)) {
    const variable = args[0]?.kind === "text" ? args[0].text : "";
    if (/^(TMPDIR|TMP|TEMP)$/.test(variable)) return partOf("directory", `$${variable}`, at);
    return partOf(
      /^(USER|LOGNAME|HOSTNAME|DISPLAY)$/.test(variable) ? "environment" : "unknown",
      variable,
      at,
    );
  }
  if (COPIES.test(name)) {
    if (args[0] !== undefined) return args[0];
    const { receiver } = call;
    if (receiver?.kind === "name") return { ...receiver, name: receiver.name.replace(/\.[^.]*$/, "") };
  }
  if (
    /^(g_strdup_printf|xasprintf|psprintf|mprintf|sqlite3_mprintf|apr_psprintf|talloc_asprintf|format|fmt)$/.test(
      name,
    )
  ) {
    const [from, ...others] = /^(apr_psprintf|talloc_asprintf)$/.test(name) ? args.slice(1) : args;
    if (from !== undefined) return { kind: "format", template: from, args: others, at };
  }
  if (/^(g_build_filename|g_build_path)$/.test(name)) {
    const parts = args.filter((each) => !(each.kind === "name" && each.name === "NULL"));
    return { kind: "path", parts: name === "g_build_path" ? parts.slice(1) : parts, at };
  }
  if (/^(g_strconcat|concat|str_concat|xstrconcat)$/.test(name))
    return {
      kind: "join",
      parts: args.filter((each) => !(each.kind === "name" && each.name === "NULL")),
      at,
    };
  const kind = Object.hasOwn(RESULTS, name) ? RESULTS[name] : undefined;
  return kind === undefined ? undefined : partOf(kind, kind === "pid" ? "pid" : name, at);
}

/** A name that the file does not bind. */
export function cFree(name: string, at: number): Expression | undefined {
  if (name === "P_tmpdir" || name === "_PATH_TMP" || name === "_PATH_VARTMP")
    return {
      kind: "text",
      text: name === "_PATH_VARTMP" ? "/var/tmp/" : name === "_PATH_TMP" ? "/tmp/" : "/tmp",
      at,
    };
  return undefined;
}

const FIRST: Readonly<Record<string, Action>> = {
  creat: "create",
  creat64: "create",
  g_file_set_contents: "create",
  g_creat: "create",
  chmod: "change",
  chown: "change",
  g_chmod: "change",
  lchown: "change",
  truncate: "change",
  utime: "change",
  utimes: "change",
  mkfifo: "fifo",
  mknod: "fifo",
  g_mkdir_with_parents: "directory",
  create_directories: "directory",
  dlopen: "execute",
  g_module_open: "execute",
  execl: "execute",
  execv: "execute",
  execlp: "execute",
  execvp: "execute",
  execle: "execute",
  execve: "execute",
  system: "command",
  popen: "command",
  popen2: "command",
  g_spawn_command_line_async: "command",
  g_spawn_command_line_sync: "command",
  access: "check",
  stat: "check",
  lstat: "check",
  stat64: "check",
  lstat64: "check",
  g_file_test: "check",
  exists: "check",
  gzopen: "create",
  freopen: "create",
  dbopen: "create",
  dbm_open: "create",
  gdbm_open: "create",
  sqlite3_open: "create",
  pcap_dump_open: "create",
};

export function cUses(call: Call, text: string): readonly Use[] {
  const { callee, args } = call;
  const name = callee.replace(/^\./, "");
  const [path, second] = args;
  if (/^(mktemp|tmpnam|tmpnam_r|tempnam|_tempnam)$/.test(callee)) return [{ action: "race" }];
  if (path === undefined) return [];
  if (callee === "getenv") return isTmpdir(path) && PRIVILEGED.test(text) ? [{ action: "privileged" }] : [];
  if (
    /^(f?open|fopen64|g_fopen|gzopen|freopen|_wfopen|xfopen|fopen_or_die)$/.test(name) &&
    /fopen|gzopen|freopen/.test(name)
  )
    return stream(path, second);
  if (/^(open|open64|g_open|_open|xopen)$/.test(callee)) return opened(path, call);
  if (/^(openat|openat64)$/.test(callee) && second !== undefined)
    return opened(second, { args: args.slice(1) });
  if (/^(std::)?(ofstream|fstream)$/.test(name)) return [{ action: "create", path }];
  if (/^(mkdir|g_mkdir)$/.test(callee))
    return !call.checked || (/EEXIST/.test(text) && !VERIFIED.test(text))
      ? [{ action: "directory", path }]
      : [];
  if (
    /^(execv|execl|execvp|execlp|execve|execle)$/.test(callee) &&
    path.kind === "text" &&
    /\/?(sh|bash)$/.test(path.text)
  ) {
    const at = args.findIndex((each) => each.kind === "text" && each.text === "-c");
    const command = args[at + 1];
    return at > 0 && command !== undefined ? [{ action: "command", path: command }] : [];
  }
  if (
    isSocketName(path) &&
    second !== undefined &&
    /^(str[nl]?cpy|snprintf|sprintf|g_strlcpy|memcpy)$/.test(callee)
  )
    return socket(call, text);
  if (/^(rename|link|symlink)$/.test(callee)) return [];
  const action = Object.hasOwn(FIRST, name) ? FIRST[name] : undefined;
  if (action === undefined) return [];
  const open =
    /^(chmod|g_chmod|mkfifo|creat)$/.test(name) &&
    second?.kind === "text" &&
    /^0[0-7]*[2367]$/.test(second.text);
  return [{ action, path }, ...(open ? [{ action: "open-mode" as const, path }] : [])];
}

/** The program changes its user, so it may have been started by another one. */
const PRIVILEGED = /\b(sete?uid|setreuid|setresuid|issetugid)\s*\(/;

function isTmpdir(name: Expression): boolean {
  return name.kind === "text" && /^(TMPDIR|TMP|TEMP)$/.test(name.text);
}

/** The directory is opened without following a link, and its owner is looked up by descriptor. */
const VERIFIED = /O_NOFOLLOW[\s\S]*\bfstat\s*\(/;

function stream(path: Expression, mode: Expression | undefined): readonly Use[] {
  return [{ action: "read", path, ...(mode === undefined ? {} : { mode }) }];
}

function opened(path: Expression, { args }: Pick<Call, "args">): readonly Use[] {
  const flags = flagText(args[1]);
  if (/O_EXCL|O_TMPFILE|O_DIRECTORY|O_PATH/.test(flags)) return [];
  if (/O_CREAT|O_TRUNC/.test(flags) || args.length > 2) return [{ action: "create", path }];
  return [{ action: /O_WRONLY|O_RDWR/.test(flags) ? "create" : "read", path }];
}

function flagText(flags: Expression | undefined): string {
  if (flags?.kind === "part") return flags.label;
  if (flags?.kind === "name") return flags.name;
  return "";
}

function isSocketName(expression: Expression): boolean {
  return expression.kind === "name" && /\.sun_path$/.test(expression.name);
}

function socket({ args, callee }: Call, text: string): readonly Use[] {
  if (!/\bbind\s*\(/.test(text)) return [];
  const at = callee === "sprintf" ? 1 : callee === "snprintf" ? 2 : 1;
  const template = args[at];
  if (template === undefined) return [];
  const path: Expression = { kind: "format", template, args: args.slice(at + 1), at: template.at };
  return [{ action: "socket", path: /printf/.test(callee) ? path : template }];
}
