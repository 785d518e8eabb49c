import { simplify } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import { type Mount, readMountInfo } from "../../sys/mountinfo.js";
import { consequenceOf } from "../config/diagnostics.js";
import { type Loaded, type LoadOptions, loadItems } from "../config/items.js";
import { columnOf } from "../config/line.js";
import { requireLoadOptions } from "../options.js";
import { Configuration } from "./configuration.js";
import type { Rule, Spot } from "./rule.js";
import { RULES } from "./rules.js";

export interface CheckOptions extends Omit<LoadOptions, "boot" | "readOn"> {
  /** What is mounted; of this process by default. None is read for a root of its own. */
  readonly mounts?: readonly Mount[];
}

/** Something wrong, or likely not meant, in one line. */
export interface Finding extends Diagnostic {
  /** What kind of thing it is. The message says what it is in this line. */
  readonly title: string;
  /** What happens because of it. */
  readonly why: string;
  /** What to write instead. */
  readonly wayOut: string;
}

/**
 * Reads configuration without running it, and says what systemd-tmpfiles 262 would refuse, what it takes and forgets,
 * and what it does that nobody means. Ordered by file (as they are read), line and column. Touches nothing but the
 * configuration and what its specifiers and owners are looked up in.
 *
 * @throws TypeError where the options themselves are wrong.
 */
export function check(options: CheckOptions = {}): Finding[] {
  requireLoadOptions(options);
  const boot = loadItems({ ...options, boot: true, readOn: true });
  const day = loadItems({ ...options, boot: false, readOn: true });
  const root = options.root === undefined ? undefined : simplify(options.root);
  const mounts = options.mounts ?? (root === undefined ? readMountInfo() : []);
  const configuration = new Configuration(
    [...boot.exact, ...boot.globs],
    [...day.exact, ...day.globs],
    root,
    mounts,
  );
  const found = RULES.flatMap((rule) => [...rule.find(configuration)].map((spot) => finding(rule, spot)));
  return inOrder([...told(boot, day), ...found], boot);
}

function finding({ code, severity, title, why, wayOut }: Rule, { source, field, at, detail }: Spot): Finding {
  const column = columnOf(source.text, field) + (at ?? 0);
  return {
    file: source.file,
    line: source.line,
    column,
    severity,
    code,
    message: detail,
    title,
    why,
    wayOut,
  };
}

/** What loading says. A line that loses only at boot, to one that only counts there, is meant to. */
function told(boot: Loaded, day: Loaded): Finding[] {
  const place = ({ code, file, line }: Diagnostic): string => `${code} ${line} ${file}`;
  const byDay = new Set(day.diagnostics.map(place));
  const notLoaded = new Set(
    day.diagnostics.filter(({ code }) => code === "not-at-boot").map((d) => `${d.line} ${d.file}`),
  );
  const meant = (diagnostic: Diagnostic): boolean =>
    diagnostic.code === "duplicate" &&
    !byDay.has(place(diagnostic)) &&
    !notLoaded.has(`${diagnostic.line} ${diagnostic.file}`);
  return boot.diagnostics
    .filter((diagnostic) => diagnostic.severity !== "debug" && !meant(diagnostic))
    .map((diagnostic) => ({ ...diagnostic, ...explanationOf(diagnostic) }));
}

type Explanation = Pick<Finding, "title" | "why" | "wayOut">;

const REMARKS: Readonly<Record<string, Explanation>> = {
  duplicate: {
    title: "A line that loses to another",
    why: "Two lines that say different things of one path can't both count: the first counts, and this one does nothing.",
    wayOut: "Leave one of them out; to override a line, put the other into a file whose name comes earlier.",
  },
  "var-run": {
    title: "A path below /var/run",
    why: "/var/run is an old name of /run, kept as a symlink: lines by both names are not known to be about one path.",
    wayOut: "Write /run.",
  },
  "ignored-argument": {
    title: "A part of an argument that is left out",
    why: "It can't be read, so the rest of the line is done without it.",
    wayOut: "Correct it.",
  },
  "unresolved-specifier": {
    title: "A specifier without a value",
    why: "The line is left out as long as the host does not have it.",
    wayOut: "Set up what it stands for, or write the value.",
  },
  "changed-mode": {
    title: "A mode without its special bits",
    why: "The owner that they were meant for is not known.",
    wayOut: "Create the account first.",
  },
  "dangling-link": {
    title: "A configuration file that leads nowhere",
    why: "It is left out, and hides no file of its name.",
    wayOut: "Let it lead to a file, or to /dev/null to hide one.",
  },
};

const REFUSALS = {
  none: "",
  invalid: "systemd-tmpfiles leaves the line out, and ends with the exit status 65.",
  failed: "systemd-tmpfiles reads no more of this file, and ends with the exit status 1 where it was named.",
  aborted: "systemd-tmpfiles does nothing at all where the file was named, and ends with the exit status 1.",
  unreadable: "Nothing that it says is done.",
} as const;

function explanationOf(diagnostic: Diagnostic): Explanation {
  const remark = REMARKS[diagnostic.code];
  if (remark !== undefined) return remark;
  const why = REFUSALS[consequenceOf(diagnostic)];
  return { title: "A line that is refused", why, wayOut: diagnostic.message };
}

/** By the files in the order in which they were read. */
function inOrder(findings: readonly Finding[], { exact, globs }: Loaded): Finding[] {
  const files = new Map<string, number>();
  const rank = (file: string): number => {
    const known = files.get(file);
    if (known !== undefined) return known;
    files.set(file, files.size);
    return files.size - 1;
  };
  for (const group of [...exact, ...globs]) for (const item of group.items) rank(item.source.file);
  return [...findings].sort((a, b) => rank(a.file) - rank(b.file) || a.line - b.line || a.column - b.column);
}
