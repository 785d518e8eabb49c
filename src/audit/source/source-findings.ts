/** Turns the uses of a program into findings: the rule, the message, and the way of the value. */
import type { TextEdit } from "../finding.js";
import type { Call, SourceProgram } from "../program/program.js";
import { classify, pathKey, type Verdict } from "../values/classify.js";
import type { Evaluator } from "../values/evaluate.js";
import type { Value, ValueStep } from "../values/value.js";
import { commandUses } from "./command.js";
import type { Action, CommandUse, Language, Use } from "./use.js";

/** A finding before its place is known by line. */
export interface RawFinding {
  readonly rule: string;
  readonly at: number;
  readonly end: number;
  readonly message: string;
  readonly steps: readonly ValueStep[];
  /** The path, to recognize other places with the same one. */
  readonly key: string;
  readonly call?: Call;
  readonly edit?: TextEdit;
}

const RULES: Readonly<Record<Action, string>> = {
  create: "TMP001",
  race: "TMP002",
  change: "TMP003",
  remove: "TMP003",
  read: "TMP004",
  directory: "TMP005",
  command: "TMP006",
  "open-mode": "TMP007",
  execute: "TMP008",
  lock: "TMP009",
  socket: "TMP009",
  fifo: "TMP009",
  privileged: "TMP010",
  check: "TMP011",
};

const DOES: Readonly<Record<Action, string>> = {
  create: "creates or overwrites",
  race: "",
  change: "changes",
  remove: "removes the tree",
  read: "reads",
  directory: "makes or reuses the directory",
  command: "runs a command that uses",
  "open-mode": "lets others write to",
  execute: "executes or loads",
  lock: "locks",
  socket: "binds a socket to",
  fifo: "opens the FIFO",
  privileged: "",
  check: "checks",
};

export interface FindingInput {
  readonly program: SourceProgram;
  readonly evaluator: Evaluator;
  readonly language: Language;
  readonly text: string;
  /** Analyzes shell commands; undefined if the grammar of the shell is not loaded. */
  readonly shell: ((command: string) => readonly CommandUse[]) | undefined;
}

export function sourceFindings(input: FindingInput): RawFinding[] {
  const found: RawFinding[] = [];
  const checks: Check[] = [];
  for (const call of input.program.calls) {
    for (const use of input.language.uses(call, input.text)) {
      if (use.action === "check") checks.push(...checkOf(use, call, input));
      else {
        const finding = findingOf(use, call, input);
        if (finding !== undefined) found.push(finding);
      }
    }
  }
  const edits = input.language.fixes?.(input.program, input.text);
  return withoutEchoes(found).map((finding) => withEdit(afterCheck(finding, checks), edits));
}

/** A finding is fixed where its value comes from, or at its call. */
function withEdit(finding: RawFinding, edits: ReadonlyMap<number, TextEdit> | undefined): RawFinding {
  if (edits === undefined || edits.size === 0) return finding;
  const places = [
    finding.at,
    ...finding.steps.filter(({ elsewhere }) => elsewhere === undefined).map(({ at }) => at),
  ];
  const edit = places.map((at) => edits.get(at)).find((each) => each !== undefined);
  return edit === undefined ? finding : { ...finding, edit };
}

/** A check of a guessable path, in the function of a later use. */
interface Check {
  readonly key: string;
  readonly call: Call;
}

function checkOf(use: Use, call: Call, { evaluator }: FindingInput): Check[] {
  const values = evaluator.of(use.path, call).filter((value) => classify(value).kind === "guessable");
  return values.map((value) => ({ key: pathKey(value), call }));
}

/** A path that was checked and is then read: the check is what fails to protect. */
function afterCheck(finding: RawFinding, checks: readonly Check[]): RawFinding {
  if (finding.rule !== "TMP004") return finding;
  const check = checks.find(({ key, call }) => key === finding.key && call.at < finding.at);
  if (check === undefined) return finding;
  const step = { at: check.call.at, message: "checked here" };
  return { ...finding, rule: "TMP011", steps: [...finding.steps, step] };
}

function findingOf(use: Use, call: Call, input: FindingInput): RawFinding | undefined {
  const { path } = use;
  const action = use.mode === undefined ? use.action : opening(input.evaluator.of(use.mode, call));
  if (action === undefined) return undefined;
  if (action === "race" || action === "privileged") return always(action, call);
  const values = input.evaluator.of(path, call);
  if (action === "command") return commandFinding(values, call, input);
  if (action === "open-mode") return openFinding(values, call);
  for (const value of values) {
    const verdict = classify(value);
    if (verdict.kind === "guessable" && isReported(action, verdict))
      return guessable(action, value, verdict, call);
  }
  return undefined;
}

/** What an open with one of these modes does; nothing unsafe if it fails for a file that exists. */
function opening(modes: readonly Value[]): "create" | "read" | undefined {
  const texts = modes.map(({ parts }) =>
    parts.map(({ kind, text }) => (kind === "text" ? text : "")).join(""),
  );
  const unsafe = texts.filter((text) => !text.includes("x"));
  if (unsafe.length === 0 && texts.length > 0) return undefined;
  return unsafe.some((text) => /[wa+]/.test(text)) ? "create" : "read";
}

type Guessable = Extract<Verdict, { readonly kind: "guessable" }>;

/** Reading is reported only if nothing in the name is the caller's. */
function isReported(action: Action, { exact }: Guessable): boolean {
  return exact || (action !== "read" && action !== "remove");
}

const LOCK = /lock|\.lck|\.pid$/i;

function guessable(action: Action, value: Value, { shown }: Guessable, call: Call): RawFinding {
  const rule =
    action === "create" && LOCK.test(shown.slice(shown.lastIndexOf("/"))) ? "TMP009" : RULES[action];
  const name = shownCallee(call);
  return {
    rule,
    at: call.at,
    end: call.end,
    message: `${name}${DOES[action]} '${shown}', a name that other users can guess`,
    steps: value.steps,
    key: pathKey(value),
    call,
  };
}

function always(action: "race" | "privileged", call: Call): RawFinding {
  const message =
    action === "race"
      ? `${shownCallee(call)}returns a name and does not create the file`
      : "a privileged program uses a directory that its caller chooses through the environment";
  return { rule: RULES[action], at: call.at, end: call.end, message, steps: [], key: "", call };
}

function openFinding(values: readonly Value[], call: Call): RawFinding | undefined {
  // A guessable path is reported already, as one that is changed or created.
  const inTemp = values.find((value) => value.parts[0]?.kind === "private");
  if (inTemp === undefined) return undefined;
  const message = `${shownCallee(call)}lets every user write to a temporary file`;
  return {
    rule: "TMP007",
    at: call.at,
    end: call.end,
    message,
    steps: inTemp.steps,
    key: pathKey(inTemp),
    call,
  };
}

function commandFinding(
  values: readonly Value[],
  call: Call,
  { shell }: FindingInput,
): RawFinding | undefined {
  if (shell === undefined) return undefined;
  for (const value of values) {
    const use = commandUses(value, shell);
    if (use === undefined) continue;
    const message = `${shownCallee(call)}runs a shell command that ${DOES[use.action]} '${use.path}', a name that other users can guess`;
    const rule = use.action === "execute" ? "TMP008" : "TMP006";
    return { rule, at: call.at, end: call.end, message, steps: value.steps, key: use.path, call };
  }
  return undefined;
}

/** `fopen() `, or `chmod ` for a command of the shell. */
function shownCallee({ callee, isCommand }: Call): string {
  const name = callee.replace(/^\./, "");
  if (!/^[\w.:-]+$/.test(name)) return "the script ";
  return isCommand ? `${name} ` : `${name}() `;
}

/** Drops what only repeats another finding: reading or removing a file that is reported where it is created. */
function withoutEchoes(found: readonly RawFinding[]): RawFinding[] {
  const created = new Set(found.filter(({ rule }) => /TMP00[1569]/.test(rule)).map(({ key }) => key));
  const seen = new Set<string>();
  return found.filter(({ rule, key, at, message }) => {
    if (created.has(key) && (rule === "TMP004" || (rule === "TMP003" && /removes/.test(message))))
      return false;
    const place = `${rule}:${at}`;
    if (seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}
