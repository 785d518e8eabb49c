/** What the functions of Go's standard library do with paths, and what they return. */
import type { Call, Expression, PartKind } from "../program/program.js";
import type { Action, Use } from "../source/use.js";
import { commandOf } from "./commands.js";

const partOf = (kind: PartKind, label: string, at: number): Expression => ({
  kind: "part",
  part: kind,
  label,
  at,
});

const RESULTS: Readonly<Record<string, PartKind>> = {
  "os.TempDir": "directory",
  "os.Getpid": "pid",
  "os.Getuid": "environment",
  "os.Geteuid": "environment",
  "os.Hostname": "environment",
  "time.Now": "time",
  "rand.Int": "weak",
  "rand.Intn": "weak",
  "rand.Int63": "random",
  "uuid.New": "random",
  "uuid.NewString": "random",
  "uuid.NewV4": "random",
  "os.MkdirTemp": "private",
  "os.CreateTemp": "private",
  "ioutil.TempDir": "private",
  "ioutil.TempFile": "private",
};
const SAME =
  /^(string|filepath\.(Clean|Abs|FromSlash|ToSlash)|path\.Clean|strconv\.(Itoa|FormatInt|Quote)|strings\.(TrimSpace|TrimSuffix|ToLower))$/;

export function goResult({ callee, args, receiver, at }: Call): Expression | undefined {
  if (/^(filepath|path)\.Join$/.test(callee)) return { kind: "path", parts: args, at };
  const [first, ...rest] = args;
  if (callee === "fmt.Sprintf" && first !== undefined)
    return { kind: "format", template: first, args: rest, at };
  if (/^fmt\.Sprint(ln)?$/.test(callee)) return { kind: "join", parts: args, at };
  if (SAME.test(callee)) return first;
  if (callee === "os.Getenv" && first?.kind === "text")
    return /^(TMPDIR|TMP|TEMP)$/.test(first.text)
      ? partOf("directory", `$${first.text}`, at)
      : partOf(/^(USER|LOGNAME|HOSTNAME)$/.test(first.text) ? "environment" : "unknown", first.text, at);
  if (/\.(Unix|UnixNano|Format|UnixMilli)$/.test(callee) && receiver !== undefined)
    return partOf("time", "time", at);
  const kind = Object.hasOwn(RESULTS, callee) ? RESULTS[callee] : undefined;
  return kind === undefined
    ? undefined
    : partOf(kind, kind === "pid" || kind === "time" ? kind : `${callee}()`, at);
}

const FIRST: Readonly<Record<string, Action>> = {
  "os.Create": "create",
  "os.WriteFile": "create",
  "ioutil.WriteFile": "create",
  "os.MkdirAll": "directory",
  "os.Chmod": "change",
  "os.Chown": "change",
  "os.Truncate": "change",
  "os.RemoveAll": "remove",
  "os.Stat": "check",
  "os.Lstat": "check",
  "os.Open": "read",
  "os.ReadFile": "read",
  "ioutil.ReadFile": "read",
  "syscall.Mkfifo": "fifo",
  "unix.Mkfifo": "fifo",
  "syscall.Exec": "execute",
  "plugin.Open": "execute",
  "flock.New": "lock",
  "lockfile.New": "lock",
};

export function goUses(call: Call, text: string): readonly Use[] {
  const { callee, args } = call;
  const [path, second] = args;
  if (/^exec\.Command(Context)?$/.test(callee)) {
    const words = callee.endsWith("Context") ? args.slice(1) : args;
    return commandOf({ kind: "list", items: words, at: call.at });
  }
  if (path === undefined) return [];
  if (/^(os|syscall|unix)\.Open(File)?$/.test(callee) && second !== undefined) return opened(path, second);
  if (callee === "os.Mkdir")
    return /IsExist|ErrExist|IsNotExist|ErrNotExist/.test(text) ? [{ action: "directory", path }] : [];
  if (
    /^net\.Listen(Unix|Packet)?$/.test(callee) &&
    path.kind === "text" &&
    /^unix/.test(path.text) &&
    second !== undefined
  )
    return [{ action: "socket", path: second }];
  if (/^(os|syscall|unix)\.(Symlink|Link|Rename)$/.test(callee)) return [];
  const action = Object.hasOwn(FIRST, callee) ? FIRST[callee] : undefined;
  return action === undefined ? [] : [{ action, path }];
}

function opened(path: Expression, flags: Expression): readonly Use[] {
  const text = flags.kind === "part" ? flags.label : flags.kind === "name" ? flags.name : "";
  if (/O_EXCL|O_TMPFILE|O_DIRECTORY|O_PATH/.test(text)) return [];
  return [{ action: /O_CREATE?|O_TRUNC|O_WRONLY|O_RDWR/.test(text) ? "create" : "read", path }];
}
