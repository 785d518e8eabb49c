/** What became of each line of a configuration, by the real 262 and by the engine, in one shape. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bytes, bytes, toBuffer } from "#src/base/bytes.js";
import type { Diagnostic } from "#src/base/errors.js";
import { consequenceOf } from "#src/tmpfiles/diagnostics.js";
import { loadItems } from "#src/tmpfiles/items.js";
import { eachLine } from "#src/tmpfiles/lex.js";

export interface Outcome {
  /** 0; 65 where lines were left out; 1 where nothing was run. */
  readonly status: number;
  /** The numbers of the lines that are wrong, and of those that lost to an earlier one. */
  readonly wrong: readonly number[];
  readonly lost: readonly number[];
  /** `d /path` of each line that counts. */
  readonly items: readonly string[];
}

export interface Setting {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly graceful?: boolean;
  readonly boot?: boolean;
  readonly prefix?: string;
}

/** Removal in a dry run touches nothing, and fails at nothing, so the exit status is the configuration's alone. */
export function referenceOutcome(binary: string, content: Bytes, setting: Setting): Outcome {
  const file = join(setting.directory, "lines.conf");
  writeFileSync(file, toBuffer(content));
  const flags = [
    ...(setting.boot ? ["--boot"] : []),
    ...(setting.graceful ? ["--graceful"] : []),
    ...(setting.prefix === undefined ? [] : [`--prefix=${setting.prefix}`]),
  ];
  const ran = spawnSync(binary, ["--dry-run", "--remove", ...flags, file], {
    encoding: "latin1",
    env: { ...setting.environment, SYSTEMD_LOG_LEVEL: "debug", SYSTEMD_LOG_TARGET: "console" },
    maxBuffer: 1 << 28,
  });
  const wrong = new Set<number>();
  const lost = new Set<number>();
  const items: string[] = [];
  for (const line of ran.stderr.split("\n")) {
    if (line.startsWith(RUNNING)) items.push(line.slice(RUNNING.length));
    if (!line.startsWith(`${file}:`)) continue;
    const [, number, message] = /^(\d+): (.*)$/.exec(line.slice(file.length + 1)) ?? [];
    if (number === undefined || message === undefined || REMARK.test(message)) continue;
    (message.startsWith("Duplicate") ? lost : wrong).add(Number(number));
  }
  return { status: ran.status ?? -1, wrong: [...wrong], lost: [...lost], items: items.sort() };
}

const RUNNING = "Running remove action for entry ";
const REMARK =
  /, skipping|Ignoring entry|legacy directory|^Changing mode|not adjusting ownership|, ignoring: /;

export function engineOutcome(content: Bytes, setting: Setting): Outcome {
  const file = join(setting.directory, "lines.conf");
  writeFileSync(file, toBuffer(content));
  const loaded = loadItems({
    args: [bytes(file)],
    boot: setting.boot ?? false,
    graceful: setting.graceful ?? false,
    prefixes: setting.prefix === undefined ? [] : [bytes(setting.prefix)],
    environment: { ...setting.environment },
  });
  const { diagnostics, aborted, failed, invalid } = loaded;
  const linesOf = (wanted: (diagnostic: Diagnostic) => boolean): number[] => [
    ...new Set(diagnostics.filter(wanted).map((diagnostic) => diagnostic.line)),
  ];
  // 262 does not say in which line attributes are wrong.
  const unnamed = new Set<string>();
  eachLine(content, (text, number) => /^\s*[hH]/.test(text) && unnamed.add(`${number} bad-argument`));
  const groups = aborted ? [] : [...loaded.exact, ...loaded.globs];
  return {
    status: failed ? 1 : invalid ? 65 : 0,
    wrong: linesOf(
      (diagnostic) =>
        consequenceOf(diagnostic) !== "none" && !unnamed.has(`${diagnostic.line} ${diagnostic.code}`),
    ),
    lost: linesOf((diagnostic) => diagnostic.code === "duplicate"),
    items: groups
      .flatMap((group) => group.items.map((item) => firstLine(`${item.letter} ${item.path}`)))
      .sort(),
  };
}

/** All that 262 tells of a path that holds a newline. */
function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
