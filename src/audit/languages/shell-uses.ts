/** Which commands of a shell script create, change, read or execute which of their operands. */
import type { Call, Expression } from "../program/program.js";
import type { Action, Use } from "../source/use.js";
import { isDry } from "./shell-values.js";

const textOf = (each: Expression | undefined): string =>
  each?.kind === "text" ? each.text : each?.kind === "join" ? textOf(each.parts[0]) : "";
const isOption = (each: Expression): boolean => /^-./.test(textOf(each));
const operands = (args: readonly Expression[]): Expression[] => args.filter((each) => !isOption(each));
const all = (action: Action, paths: readonly Expression[]): Use[] => paths.map((path) => ({ action, path }));
const last = (action: Action, args: readonly Expression[]): Use[] => {
  const paths = operands(args);
  return paths.length < 2 ? [] : all(action, paths.slice(-1));
};
const hasFlag = (args: readonly Expression[], flag: RegExp): boolean =>
  args.some((each) => each.kind === "text" && flag.test(each.text));

/** The value of an option: the next argument, or what follows `=` or the letter. */
function optionValues(args: readonly Expression[], option: RegExp): Expression[] {
  return args.flatMap((each, index): Expression[] => {
    const text = textOf(each);
    const match = option.exec(text);
    if (match === null) return [];
    const rest = text.slice(match[0].length);
    if (match[0] === text && each.kind === "text") {
      const next = args[index + 1];
      return next === undefined ? [] : [next];
    }
    return [withoutPrefix(each, rest)];
  });
}

function withoutPrefix(each: Expression, rest: string): Expression {
  if (each.kind !== "join") return { kind: "text", text: rest, at: each.at };
  const [, ...others] = each.parts;
  return { ...each, parts: [{ kind: "text", text: rest, at: each.at }, ...others] };
}

const SHELLS = /^(sh|bash|dash|ksh|zsh|python\d?|perl|ruby|node|php|expect|awk)$/;

type Rule = (args: readonly Expression[], call: Call) => readonly Use[];

const COMMANDS: Readonly<Record<string, Rule>> = {
  touch: (args) => all("create", operands(args)),
  tee: (args) => all("create", operands(args)),
  truncate: (args) => all("create", operands(args).slice(-1)),
  cp: (args) => [...last("create", args), ...all("create", optionValues(args, /^(-t|--target-directory=?)/))],
  install: (args) => (hasFlag(args, /^-\w*d/) ? all("directory", operands(args)) : last("create", args)),
  rsync: (args) => last("create", args),
  scp: (args) => last("create", args),
  mkdir: (args, call) =>
    hasFlag(args, /^(-\w*p\w*|--parents)$/) || !call.checked ? all("directory", operands(args)) : [],
  mkfifo: (args) => all("fifo", operands(args)),
  mknod: (args) => all("fifo", operands(args).slice(0, 1)),
  flock: (args) => all("lock", operands(args).slice(0, 1)),
  lockfile: (args) => all("lock", operands(args)),
  chmod: changed,
  chown: changed,
  chgrp: changed,
  setfacl: changed,
  rm: (args) => (hasFlag(args, /^(-\w*[rR]\w*|--recursive)$/) ? all("remove", operands(args)) : []),
  sed: (args) => (hasFlag(args, /^(-\w*i|--in-place)/) ? all("change", operands(args).slice(1)) : []),
  dd: (args) => all("create", optionValues(args, /^of=/)),
  wget: (args) => all("create", optionValues(args, /^(-\w*O|--output-document=?|-o|--output-file=?)/)),
  curl: (args) => all("create", optionValues(args, /^(-\w*o|--output=?|-c|--cookie-jar=?|-D)/)),
  tar: (args) => tarUses(args),
  git: (args) => (textOf(args[0]) === "clone" ? last("directory", args) : []),
  unzip: (args) => all("directory", optionValues(args, /^-d/)),
  zip: (args) => all("create", operands(args).slice(0, 1)),
  mktemp: (_, call) => (isDry(call) ? [{ action: "race" }] : []),
  test: (args) => all("check", operands(args.slice(1))),
  "[": (args) => all("check", operands(args.slice(1))),
  ".": (args) => all("execute", args.slice(0, 1)),
  source: (args) => all("execute", args.slice(0, 1)),
  insmod: (args) => all("execute", args.slice(0, 1)),
  crontab: (args) => all("execute", operands(args)),
  dpkg: (args) => (hasFlag(args, /^(-i|--install)$/) ? all("execute", operands(args)) : []),
  rpm: (args) => (hasFlag(args, /^-\w*[iU]/) ? all("execute", operands(args)) : []),
  "apt-get": (args) => (hasFlag(args, /^install$/) ? all("execute", operands(args)) : []),
  psql: (args) => all("execute", optionValues(args, /^-f/)),
};

/** Those that write the file that -o names. */
const WITH_OUTPUT =
  /^(gcc|g\+\+|cc|c\+\+|clang(\+\+)?|ld|as|sort|xsltproc|dot|gpg2?|go|rustc|protoc|bison|yacc|strip|objcopy|pandoc|nasm|msgfmt|iconv)$/;
/** Those that run the command that follows their own options. */
const PREFIX =
  /^(sudo|nohup|env|nice|ionice|time|exec|command|builtin|setsid|stdbuf|fakeroot|eatmydata|doas|xargs)$/;

export function shellUses(call: Call, text: string): readonly Use[] {
  const { callee, args } = call;
  if (/^(>>?|>\||&>>?|>&)$/.test(callee)) {
    const safe = callee === ">" && /^\s*set\s+(-\w*C|-o\s+noclobber)/m.test(text);
    return safe ? [] : all("create", args);
  }
  if (callee === "<>") return all("fifo", args);
  if (callee === "<") return all("read", args);
  if (PREFIX.test(callee)) return behindPrefix(call, text);
  if (callee === "") return all("execute", args.slice(0, 1));
  if (SHELLS.test(callee)) return interpreted(args);
  const rule = Object.hasOwn(COMMANDS, callee) ? COMMANDS[callee] : undefined;
  if (rule !== undefined) return rule(args, errexit(call, text));
  if (callee === "cat") return all("read", operands(args));
  const outputs = WITH_OUTPUT.test(callee) ? optionValues(args, /^(-o|--output=?)/) : [];
  const long = callee === "openssl" ? optionValues(args, /^(-out|-keyout)$/) : [];
  return all("create", [...outputs, ...long]);
}

/** With `set -e`, a command that fails ends the script. */
function errexit(call: Call, text: string): Call {
  return call.checked || !/^(#!.*sh\s+-\w*e|\s*set\s+-\w*e|\s*set\s+-o\s+errexit)/m.test(text)
    ? call
    : { ...call, checked: true };
}

function behindPrefix(call: Call, text: string): readonly Use[] {
  if (call.callee === "sudo" && hasFlag(call.args, /^--preserve-env=.*\bTMPDIR\b/))
    return [{ action: "privileged" }];
  const index = call.args.findIndex((each) => !isOption(each) && !/^\w+=/.test(textOf(each)));
  const name = call.args[index];
  if (name === undefined || name.kind !== "text" || index > 4)
    return name === undefined ? [] : all("execute", [name]);
  const callee = name.text.replace(/^\/(usr\/)?s?bin\//, "");
  if (callee.includes("/")) return all("execute", [name]);
  return shellUses({ ...call, callee, args: call.args.slice(index + 1) }, text);
}

function interpreted(args: readonly Expression[]): readonly Use[] {
  const at = args.findIndex((each) => /^-\w*c$/.test(textOf(each)));
  const command = args[at + 1];
  if (at >= 0) return command === undefined ? [] : all("command", [command]);
  const script = args.find((each) => !isOption(each));
  return script === undefined ? [] : all("execute", [script]);
}

function changed(args: readonly Expression[]): readonly Use[] {
  const paths = operands(args).slice(1);
  const [mode] = operands(args);
  const open = /^0?[0-7]*[2367]$|^[ugoa]*[oa][ugoa]*[+=]\w*w/.test(textOf(mode));
  return [...all("change", paths), ...(open ? all("open-mode", paths) : [])];
}

function tarUses(args: readonly Expression[]): readonly Use[] {
  const [mode] = args;
  const creates = /^-?[a-zA-Z]*c[a-zA-Z]*f?$/.test(textOf(mode)) || hasFlag(args, /^--create$/);
  const directories = all("directory", []);
  if (!creates) return directories;
  const [archive] = operands(/^-/.test(textOf(mode)) ? args : args.slice(1));
  return /f/.test(textOf(mode)) && archive !== undefined ? all("create", [archive]) : [];
}
