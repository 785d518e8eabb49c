/** Reads the command line of a cleaner: systemd-tmpfiles, or one of Mayfly's own commands. */
import type { Bytes } from "../../base/bytes.js";
import type { Operation } from "../../base/events.js";

/** How a cleaner was called: the parts of its command line that decide about removals. */
export interface CleanerCall {
  readonly operations: readonly Operation[];
  readonly boot: boolean;
  readonly user: boolean;
  readonly graceful: boolean;
  readonly inline: boolean;
  readonly root: Bytes | undefined;
  readonly prefixes: readonly Bytes[];
  readonly excludePrefixes: readonly Bytes[];
  readonly args: readonly Bytes[];
  /** Why the lines that it ran cannot be determined from the command line. */
  readonly unknown: string | undefined;
}

const OPERATIONS: readonly Operation[] = ["purge", "remove", "clean"];
const VIRTUAL = ["/dev", "/proc", "/run", "/sys"] as Bytes[];

const WITH_VALUE = ["prefix", "exclude-prefix", "root", "image", "image-policy", "replace", "jobs"];
const FLAGS = [
  ...["clean", "create", "remove", "purge", "boot", "user", "graceful", "inline", "dry-run", "no-pager"],
  ...["cat-config", "tldr", "json", "verbose", "quiet", "all", "no-index", "help", "version"],
];
const NAMES = [...WITH_VALUE, ...FLAGS];

/** Parses options as getopt_long(3) does, with short forms and abbreviated names. */
interface Given {
  readonly flags: Set<string>;
  readonly values: Map<string, Bytes[]>;
  readonly operands: Bytes[];
  unknown: string | undefined;
}

/** `words` follow the program's name; `verb` is true for commands such as `mayfly clean`, whose operation is the first word. */
export function readCleanerArguments(words: readonly Bytes[], verb: boolean): CleanerCall {
  const [first, ...rest] = words;
  const given = parse(verb && first !== undefined ? [`--${first}` as Bytes, ...rest] : words);
  const { flags, values, operands } = given;
  const excluded = [...(values.get("exclude-prefix") ?? []), ...(flags.has("E") ? VIRTUAL : [])];
  const root = values.get("root")?.at(-1);
  return {
    operations: OPERATIONS.filter((each) => flags.has(each)),
    boot: flags.has("boot"),
    user: flags.has("user"),
    graceful: flags.has("graceful"),
    inline: flags.has("inline"),
    root: root === ("" as Bytes) ? undefined : root,
    prefixes: values.get("prefix") ?? [],
    excludePrefixes: excluded,
    args: operands,
    unknown: given.unknown ?? unreadable(given),
  };
}

/** What the command line refers to but does not contain. */
function unreadable({ flags, values, operands }: Given): string | undefined {
  if (values.has("image")) return "it ran in a disk image";
  if (values.has("replace")) return "its --replace is not followed";
  if (flags.has("inline")) return undefined;
  if (operands.includes("-" as Bytes)) return "its configuration came from standard input";
  const open = operands.find((word) => /^\/dev\/(stdin|fd\/)|^\/proc\//.test(word));
  if (open !== undefined) return "its configuration came from an open file";
  const relative = operands.find((word) => word.includes("/") && !word.startsWith("/"));
  return relative === undefined ? undefined : "its configuration was named by a relative path";
}

function parse(words: readonly Bytes[]): Given {
  const given: Given = { flags: new Set(), values: new Map(), operands: [], unknown: undefined };
  const waiting = [...words];
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    if (word === "--") {
      given.operands.push(...waiting.splice(0));
    } else if (word.startsWith("--")) long(given, word.slice(2), waiting);
    else if (/^-[Enqvh]+$/.test(word)) for (const letter of word.slice(1)) given.flags.add(letter);
    else if (word !== "-" && word.startsWith("-")) given.unknown = "its command line has an unknown option";
    else given.operands.push(word);
  }
  return given;
}

function long(given: Given, text: string, waiting: Bytes[]): void {
  const [written = "", ...more] = text.split("=");
  const candidates = NAMES.filter((each) => each.startsWith(written));
  const name = NAMES.includes(written) ? written : candidates.length === 1 ? candidates[0] : undefined;
  if (name === undefined) given.unknown = "its command line has an unknown option";
  else if (!WITH_VALUE.includes(name)) given.flags.add(name);
  else {
    const value = more.length > 0 ? (more.join("=") as Bytes) : waiting.shift();
    given.values.set(name, [...(given.values.get(name) ?? []), value ?? ("" as Bytes)]);
  }
}
