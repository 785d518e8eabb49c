/** The functions of C that write a text to a buffer, and those that make a path in a buffer this program's own. */
import type { Call, Expression } from "../program/program.js";

type Bind = (name: string, value: Expression, appended: boolean) => void;

/** From which argument on these format a text into their first one. */
const FORMATTERS: Readonly<Record<string, number>> = {
  sprintf: 1,
  snprintf: 2,
  vsprintf: 1,
  vsnprintf: 2,
  asprintf: 1,
  vasprintf: 1,
  xasprintf: 1,
  g_snprintf: 2,
  swprintf: 2,
  __sprintf_chk: 3,
  __snprintf_chk: 4,
  ap_snprintf: 2,
  apr_snprintf: 2,
  PR_snprintf: 2,
  fz_snprintf: 2,
};
const COPIERS =
  /^(strcpy|strncpy|strlcpy|stpcpy|g_strlcpy|memcpy|xstrncpy|safe_strcpy|strcpy_s|string_copy)$/;
const APPENDERS = /^(strcat|strncat|strlcat|g_strlcat|xstrncat)$/;
/** They create the path in their argument, under a name that nobody could guess. */
const CREATORS = /^g?_?(mkstemp|mkostemp|mkstemps|mkostemps|mkdtemp|mkstemp64|mkdtemp_full|mkstemp_full)$/;

/** Binds the buffers that a call writes to. */
export function bindBuffers(call: Call, bind: Bind): void {
  const { callee, args, at } = call;
  const target = bufferOf(args[0]);
  if (target === undefined) return;
  const from = Object.hasOwn(FORMATTERS, callee) ? FORMATTERS[callee] : undefined;
  const template = from === undefined ? undefined : args[from];
  if (from !== undefined && template !== undefined)
    bind(target, { kind: "format", template, args: args.slice(from + 1), at }, appends(args[0]));
  const [, source] = args;
  if (source !== undefined && COPIERS.test(callee)) bind(target, source, appends(args[0]));
  if (source !== undefined && APPENDERS.test(callee)) bind(target, source, true);
  if (CREATORS.test(callee)) bind(target, { kind: "part", part: "private", label: target, at }, false);
  if (callee === "mkdir" && call.checked)
    bind(target, { kind: "part", part: "private", label: target, at }, false);
}

function bufferOf(expression: Expression | undefined): string | undefined {
  if (expression?.kind === "name") return expression.name;
  if (expression?.kind === "join") return bufferOf(expression.parts[0]);
  if (expression?.kind === "call" && expression.call.callee === "c_str")
    return bufferOf(expression.call.args[0]);
  return undefined;
}

/** `buffer + length`. */
function appends(expression: Expression | undefined): boolean {
  return expression?.kind === "join";
}
