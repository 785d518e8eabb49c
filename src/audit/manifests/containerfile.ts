/** CONT001: what a container file does in the shared temporary directories of its image. */
import type { FoundAt, TextFile } from "../place-findings.js";
import { isSharedDirectory, isSharedPath, sharedPathsIn } from "../shared-paths.js";
import { lineIndex } from "../source/lines.js";
import { type Instruction, parseInstructions } from "./instructions.js";

const RULE = "CONT001";

export function containerFindings(source: TextFile): FoundAt[] {
  const instructions = parseInstructions(source.text);
  return [
    ...executedLater(instructions, source),
    ...instructions.flatMap(volumes),
    ...growing(instructions, source.text),
  ].sort((a, b) => a.at - b.at);
}

interface Download {
  readonly path: string;
  readonly instruction: Instruction;
}

/** Files that one layer downloads and another executes. */
function executedLater(instructions: readonly Instruction[], { file, text }: TextFile): FoundAt[] {
  const position = lineIndex(text);
  const downloads: Download[] = [];
  const found: FoundAt[] = [];
  let directory = "/";
  for (const instruction of instructions) {
    if (instruction.name === "FROM") downloads.length = 0;
    if (instruction.name === "FROM") directory = "/";
    if (instruction.name === "WORKDIR") directory = absolute(instruction.text.trim(), directory);
    if (instruction.name === "RUN") {
      const earlier = downloads.find(({ path }) => executes(instruction.text, path, directory));
      if (earlier !== undefined)
        found.push({
          rule: RULE,
          at: instruction.at,
          end: instruction.end,
          message: `executes '${earlier.path}', which an earlier layer downloaded`,
          evidence: [{ file, ...position(earlier.instruction.at), message: "downloaded here" }],
        });
    }
    downloads.push(...downloadsOf(instruction, directory).map((path) => ({ path, instruction })));
  }
  return found;
}

function absolute(path: string, directory: string): string {
  const unquoted = path.replace(/^(["'])(.*)\1$/, "$2");
  return unquoted.startsWith("/")
    ? unquoted
    : `${directory.replace(/\/+$/, "")}/${unquoted.replace(/^\.\//, "")}`;
}

function downloadsOf({ name, text }: Instruction, directory: string): string[] {
  if (name === "ADD") return added(text, directory);
  if (name !== "RUN") return [];
  let current = directory;
  const paths: string[] = [];
  for (const command of text.split(/&&|\|\||;|\n/)) {
    current = absolute(/^\s*cd\s+(\S+)\s*$/.exec(command)?.[1] ?? current, current);
    if (/\b(?:curl|wget|aria2c)\b/.test(command)) paths.push(...fetched(command, current));
    const clone = /\bgit\s+clone\b.*\s(\/\S+)\s*$/.exec(command)?.[1];
    if (clone !== undefined) paths.push(clone);
  }
  return paths.filter((path) => isSharedPath(path) && !isSharedDirectory(path));
}

/** `ADD URL... DIRECTORY/`, or `ADD URL FILE`. */
function added(text: string, directory: string): string[] {
  const words = text
    .trim()
    .replaceAll(/^\[|\]$|[",]/g, " ")
    .trim()
    .split(/\s+/)
    .filter((word) => !word.startsWith("--"));
  const target = absolute(words.pop() ?? "", directory);
  const urls = words.filter((word) => /^(https?|ftp):|^git@/.test(word));
  return urls
    .map((url) =>
      /\/$/.test(target) || isSharedDirectory(target)
        ? `${target.replace(/\/+$/, "")}/${fileOf(url)}`
        : target,
    )
    .filter((path) => isSharedPath(path) && !isSharedDirectory(path));
}

const OUTPUT = /(?:\s-[a-zA-Z]*[oO]\s*|\s--output(?:-document)?[= ]\s*|>\s*|\|\s*tee\s+)["']?([^\s"'|;&]+)/g;

function fetched(command: string, directory: string): string[] {
  const named = [...command.matchAll(OUTPUT)]
    .map((match) => match[1] ?? "")
    .filter((path) => !/^(-|https?:)/.test(path));
  if (named.length > 0) return named.map((path) => absolute(path, directory));
  const url = /\b(?:https?|ftp):\/\/[^\s"']+/.exec(command)?.[0];
  const prefix = /\s(?:-P|--directory-prefix[= ])\s*["']?([^\s"']+)/.exec(command)?.[1];
  const isSaved =
    /\bwget\b/.test(command) || /\scurl\b.*\s-[a-zA-Z]*O|^curl\b.*\s-[a-zA-Z]*O/.test(` ${command}`);
  return url === undefined || !isSaved
    ? []
    : [`${absolute(prefix ?? directory, directory).replace(/\/+$/, "")}/${fileOf(url)}`];
}

function fileOf(url: string): string {
  return url.replace(/[?#].*$/, "").replace(/^.*\//, "");
}

const RUNS = String.raw`(?:(?:ba|da|z|k)?sh|python[\d.]*|perl|ruby|node|php|java\s+-jar|source|\.|exec|sudo|env|dpkg\s+(?:-i|--install)|rpm\s+-\w+|apt(?:-get)?\s+(?:-\w+\s+)*install(?:\s+-\S+)*|yum\s+(?:-\w+\s+)*(?:local)?install|dnf\s+(?:-\w+\s+)*install|pip[\d.]*\s+install|gem\s+install)(?:\s+-[\w-]+)*\s+`;
const BEFORE = String.raw`(?:^|&&|\|\||[;|(\n]|\b(?:then|do|else)\s|\s-c\s+["']|(?:\s|^)(?:xvfb-run|time|nice)\s)\s*(?:\w+=\S*\s+)*`;

/** Whether a shell command executes a path, or a file below it. */
function executes(command: string, path: string, directory: string): boolean {
  const names = [path];
  const moved = /(?:^|&&|;|\n)\s*cd\s+(\S+)/.exec(command)?.[1];
  for (const base of [directory, moved])
    if (base !== undefined && base !== "/" && path.startsWith(`${base.replace(/\/+$/, "")}/`))
      names.push(
        `./${path.slice(base.replace(/\/+$/, "").length + 1)}`,
        path.slice(base.replace(/\/+$/, "").length + 1),
      );
  return names.some((name) => {
    const quoted = `["']?${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?=["'/\\s;&|)]|$)`;
    const direct = name.includes("/") ? `|${quoted}` : "";
    return new RegExp(`${BEFORE}(?:${RUNS}${quoted}${direct})`).test(command);
  });
}

function volumes({ name, text, at, end }: Instruction): FoundAt[] {
  if (name !== "VOLUME") return [];
  const paths = text
    .replaceAll(/[[\]",]/g, " ")
    .trim()
    .split(/\s+/)
    .filter(isSharedPath);
  return paths.map((path) => ({
    rule: RULE,
    at,
    end,
    message: `makes ${path} a volume, which outlives the container and is never cleaned`,
  }));
}

const CLEANER = /\b(?:mayfly|tmpreaper|tmpwatch|systemd-tmpfiles|crond?|supercronic)\b/;

/** A program whose arguments or environment name a path in a directory that nothing cleans. */
function growing(instructions: readonly Instruction[], text: string): FoundAt[] {
  const stage = instructions.at(-1)?.stage;
  const own = instructions.filter((each) => each.stage === stage);
  const command =
    own.findLast(({ name }) => name === "CMD") ?? own.findLast(({ name }) => name === "ENTRYPOINT");
  if (command === undefined || CLEANER.test(text.replaceAll(/^\s*#.*$/gm, ""))) return [];
  const places = own.filter(
    ({ name, text: body }) =>
      name === "CMD" ||
      name === "ENTRYPOINT" ||
      (name === "ENV" && /\b(?:TMPDIR|TMP|TEMP|\w*CACHE\w*)[= ]/.test(body)),
  );
  return places.flatMap(({ name, text: body, at, end }) => {
    const [first] = sharedPathsIn(body);
    // The program of the image itself is not what it writes.
    if (first === undefined || (name !== "ENV" && /^[\s["']*$/.test(body.slice(0, first.at)))) return [];
    if (isSharedDirectory(first.path) && name === "ENV") return [];
    const message = `the container works in '${first.path}', and nothing cleans it`;
    return [{ rule: RULE, at, end, message, severity: "note" as const }];
  });
}
