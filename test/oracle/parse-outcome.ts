/** How the real 262 and the engine treat each line of a configuration, in a common form. */
import { spawnSync } from "node:child_process";
import { bytes } from "#src/base/bytes.js";
import type { Diagnostic } from "#src/base/errors.js";
import { loadItemsSync } from "#src/tmpfiles/config/items.js";
import type { LoadOptions } from "#src/tmpfiles/model/options.js";
import { consequenceOf } from "#src/tmpfiles/syntax/diagnostics.js";

export interface Outcome {
  /** 0; 65 where lines were left out; 1 where nothing was run. */
  readonly status: number;
  /** `file:line` of the lines that are wrong, and of those that lost to an earlier one. */
  readonly wrong: readonly string[];
  readonly lost: readonly string[];
  /** `d /path` of each line that counts, or would, if nothing stopped the run. */
  readonly items: readonly string[];
}

/** The same choice in the words of both. Texts are bytes. */
export interface Choice {
  readonly args?: readonly string[];
  readonly inline?: boolean;
  readonly root?: string;
  readonly user?: boolean;
  readonly boot?: boolean;
  readonly graceful?: boolean;
  readonly prefix?: string;
  readonly replace?: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Removal in a dry run touches nothing, and fails at nothing, so the exit status is the configuration's alone. */
export function referenceOutcome(binary: string, choice: Choice): Outcome {
  const ran = spawnSync(binary, ["--dry-run", "--remove", ...flagsOf(choice), "--", ...(choice.args ?? [])], {
    encoding: "latin1",
    env: { ...choice.environment, SYSTEMD_LOG_LEVEL: "debug", SYSTEMD_LOG_TARGET: "console" },
    maxBuffer: 1 << 28,
  });
  const wrong = new Set<string>();
  const lost = new Set<string>();
  const items: string[] = [];
  for (const line of ran.stderr.split("\n")) {
    // Of the root itself it writes a slash behind the path.
    if (line.startsWith(RUNNING)) items.push(line.slice(RUNNING.length).replace(/(?<=\S)\/$/, ""));
    const [, place, message] = PLACED.exec(line) ?? [];
    if (place === undefined || message === undefined || NOTE.test(message)) continue;
    (message.startsWith("Duplicate") ? lost : wrong).add(place);
  }
  return { status: ran.status ?? -1, wrong: [...wrong].sort(), lost: [...lost].sort(), items: items.sort() };
}

const RUNNING = "Running remove action for entry ";
const PLACED = /^((?:\/[^:]*|<stdin>|\(argument\)):\d+): (.*)$/;
const NOTE = /, skipping|Ignoring entry|legacy directory|^Changing mode|not adjusting ownership|, ignoring: /;

function flagsOf({ inline, root, user, boot, graceful, prefix, replace }: Choice): string[] {
  const flag = (wanted: boolean | undefined, name: string): string[] => (wanted ? [`--${name}`] : []);
  const value = (given: string | undefined, name: string): string[] =>
    given === undefined ? [] : [`--${name}=${given}`];
  return [
    ...flag(inline, "inline"),
    ...flag(user, "user"),
    ...flag(boot, "boot"),
    ...flag(graceful, "graceful"),
    ...value(root, "root"),
    ...value(prefix, "prefix"),
    ...value(replace, "replace"),
  ];
}

export function engineOutcome({ args, root, prefix, replace, environment, ...flags }: Choice): Outcome {
  const options: LoadOptions = {
    ...flags,
    args: (args ?? []).map(bytes),
    root: root === undefined ? undefined : bytes(root),
    prefixes: prefix === undefined ? [] : [bytes(prefix)],
    replace: replace === undefined ? undefined : bytes(replace),
    environment: { ...environment },
  };
  const { diagnostics, aborted, failed, invalid, exact, globs } = loadItemsSync(options);
  const placesOf = (wanted: (diagnostic: Diagnostic) => boolean): string[] =>
    [...new Set(diagnostics.filter(wanted).map(({ file, line }) => `${file}:${line}`))].sort();
  const groups = aborted ? [] : [...exact, ...globs];
  return {
    status: failed ? 1 : invalid ? 65 : 0,
    wrong: placesOf((diagnostic) => consequenceOf(diagnostic) !== "none" && isPlaced(diagnostic)),
    lost: placesOf((diagnostic) => diagnostic.code === "duplicate"),
    items: groups
      .flatMap((group) => group.items.map((item) => firstLine(`${item.letter} ${item.path}`)))
      .sort(),
  };
}

/** Of what cannot be read, and of wrong attributes, 262 names no line. */
function isPlaced({ line, message }: Diagnostic): boolean {
  return line > 0 && !/attribute|cannot (?:be )?read/.test(message);
}

/** What 262 reports of a path that contains a newline. */
function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
