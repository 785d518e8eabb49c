/** Prints what `mayfly install` and `mayfly uninstall` do, as text and as JSON. */
import { type Bytes, escapeForDisplay, isUtf8, toBuffer, toText } from "../../base/bytes.js";
import type { InodeState, InstallStep } from "../../install/index.js";

const OCTAL = 8;

/** The verb of a step. */
function actionOf({ from, to }: InstallStep): "create" | "remove" | "replace" | "chmod" {
  if (from.kind === "absent") return "create";
  if (to.kind === "absent") return "remove";
  const isSameContent = from.kind === "file" && to.kind === "file" && from.content === to.content;
  return isSameContent ? "chmod" : "replace";
}

const DONE = {
  create: "created",
  remove: "removed",
  replace: "replaced",
  chmod: "changed the mode of",
} as const;

/** One line; in a dry run, also what would be in the file. */
export function stepText(step: InstallStep, dryRun: boolean): string {
  const action = actionOf(step);
  const words = dryRun ? `would ${action === "chmod" ? "change the mode of" : action}` : DONE[action];
  const line = `${words} ${escapeForDisplay(step.path)}${detail(step.to)}\n`;
  return dryRun ? line + differences(contentOf(step.from), contentOf(step.to)) : line;
}

function detail(state: InodeState): string {
  if (state.kind === "symlink") return ` -> ${escapeForDisplay(state.target)}`;
  return state.kind === "file" ? ` (${modeText(state.mode)})` : "";
}

const modeText = (mode: number): string => mode.toString(OCTAL).padStart(4, "0");

const contentOf = (state: InodeState): Bytes => (state.kind === "file" ? state.content : ("" as Bytes));

/** The lines that go and come, each with a sign. */
function differences(before: Bytes, after: Bytes): string {
  if (before === after) return "";
  const linesOf = (text: Bytes): Bytes[] =>
    text.split("\n").slice(0, text.endsWith("\n") ? -1 : undefined) as Bytes[];
  const [old, now] = [linesOf(before), linesOf(after)];
  const signed = (sign: string, lines: readonly Bytes[], others: readonly Bytes[]): string[] =>
    lines.filter((line) => !others.includes(line)).map((line) => `  ${sign} ${escapeForDisplay(line)}\n`);
  return [...signed("-", before === "" ? [] : old, now), ...signed("+", after === "" ? [] : now, old)].join(
    "",
  );
}

export function stepJson(step: InstallStep): string {
  const { to } = step;
  const file =
    to.kind === "file" ? { mode: modeText(to.mode), ...textField("content", to.content) } : undefined;
  const link = to.kind === "symlink" ? textField("target", to.target) : undefined;
  return json({
    type: "change",
    action: actionOf(step),
    ...textField("path", step.path),
    kind: to.kind === "absent" ? step.from.kind : to.kind,
    ...file,
    ...link,
  });
}

/** As docs/json.md describes: bytes that are not text come in base64, too. */
export function textField(name: string, value: Bytes): Record<string, string> {
  const text = { [name]: toText(value) };
  return isUtf8(value) ? text : { ...text, [`${name}Base64`]: toBuffer(value).toString("base64") };
}

export function json(object: Record<string, unknown>): string {
  return `${JSON.stringify(object)}\n`;
}
