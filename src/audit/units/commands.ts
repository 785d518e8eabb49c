/** The programs that a unit starts: Exec...= in systemd.service(5). */
import type { RootFiles } from "./root-files.js";
import { type Setting, wordsOf } from "./unit-file.js";
import { settingsOf, type Unit } from "./unit-tree.js";

export interface UnitCommand {
  readonly setting: Setting;
  /** The program, or the script that an interpreter runs, below the root; undefined if it is not installed. */
  readonly program: string | undefined;
  /** The words after the program. */
  readonly words: readonly string[];
  /** The text of `sh -c`. */
  readonly script: string | undefined;
}

const KEYS = ["ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"];
const SEARCHED = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** The text of a script follows -c; for other interpreters, -e. */
const SHELL = /^(?:ba|da|k|z)?sh$|^python/;
const INTERPRETER = /^(?:(?:ba|da|k|z)?sh|python[\d.]*|perl|ruby|php[\d.]*|node|nodejs)$/;
/** Programs that run another, and their options that have a separate value. */
const WRAPPER = /^(?:env|nice|ionice|chrt|nohup|setsid|timeout|setpriv|runuser|chroot|stdbuf|taskset)$/;

/** The commands that run while the unit is active or becomes active. */
export function commandsOf(unit: Unit, files: RootFiles): UnitCommand[] {
  return settingsOf(unit, "Service", ...KEYS).map((setting) => commandOf(setting, files));
}

function commandOf(setting: Setting, files: RootFiles): UnitCommand {
  const prefix = /^[-@:+!|]*/.exec(setting.value)?.[0] ?? "";
  let words = wordsOf(setting.value.slice(prefix.length));
  if (prefix.includes("@")) words.splice(1, 1);
  while (words.length > 1 && WRAPPER.test(baseOf(words[0]))) words = wrapped(words);
  const [first = "", ...rest] = words;
  if (!INTERPRETER.test(baseOf(first)))
    return { setting, program: installed(first, files), words: rest, script: undefined };
  const inline = SHELL.test(baseOf(first)) ? /^-\w*c$/ : /^-\w*e$/;
  const option = rest.findIndex((word) => inline.test(word));
  if (option >= 0)
    return { setting, program: undefined, words: [], script: rest.slice(option + 1).join(" ") };
  const at = rest.findIndex((word) => !word.startsWith("-"));
  const script = at < 0 ? undefined : rest[at];
  const program = script === undefined ? undefined : installed(script, files);
  return { setting, program, words: rest.slice(at + 1), script: undefined };
}

/** What a wrapper runs: the first word that is neither an option, an assignment nor a number. */
function wrapped(words: readonly string[]): string[] {
  const at = words.findIndex((word, index) => index > 0 && !/^-|^\w+=|^\d/.test(word));
  return at < 0 ? [] : words.slice(at);
}

function baseOf(word: string | undefined): string {
  return (word ?? "").slice((word ?? "").lastIndexOf("/") + 1);
}

function installed(word: string, files: RootFiles): string | undefined {
  if (word === "" || /[%$]/.test(word)) return undefined;
  const candidates = word.startsWith("/")
    ? [word, `/usr${word}`]
    : SEARCHED.map((directory) => `${directory}/${word}`);
  return candidates.find((each) => files.read(each) !== undefined);
}
