/** Reports a run with the messages of systemd-tmpfiles 262. */
import { type Bytes, bytes, escapeForDisplay } from "../../base/bytes.js";
import type { Event, Operation, Reporter, Source } from "../../base/events.js";
import { LINE_TYPES, type LineType, truncates as truncatesFile } from "../../tmpfiles/index.js";
import { failure } from "../format.js";
import { sourceText } from "../verbs/reasons.js";
import { keptLine } from "./kept.js";
import type { LevelName, Log } from "./log.js";

const SEVERITY: Readonly<Record<string, LevelName>> = {
  error: "err",
  warning: "warning",
  info: "info",
  debug: "debug",
};

/** What 262 adds to the first unresolvable specifier; it reports further ones at level debug. */
const SKIPPED_RULES = "All rules containing unresolvable specifiers will be skipped." as Bytes;

type Of<Type extends Event["type"]> = Extract<Event, { readonly type: Type }>;

/**
 * Prints the messages of systemd-tmpfiles 262, which scripts grep for: actions at level debug, or info in a dry run. If
 * `terminal` is set, names are escaped; otherwise they are printed byte for byte, as 262 does.
 */
export function dropInReporter(log: Log, terminal: boolean, dryRun = true): Reporter {
  const name = (path: Bytes): Bytes => (terminal ? bytes(escapeForDisplay(path)) : path);
  let reportedSpecifier = false;
  return {
    // An ordinary user may lack permission to read some directories; these are reported.
    wantsKept: log.wants("debug") || process.geteuid?.() !== 0,
    wantsRemoved: log.wants(dryRun ? "info" : "debug"),
    report(event) {
      const line = lineOf(event, name);
      if (line === undefined) return;
      if (event.type !== "diagnostic" || event.diagnostic.code !== "unresolved-specifier") {
        log.write(line.level, line.text as Bytes);
        return;
      }
      log.write(reportedSpecifier ? "debug" : "notice", line.text as Bytes);
      if (!reportedSpecifier) log.write("notice", SKIPPED_RULES);
      reportedSpecifier = true;
    },
  };
}

type Name = (path: Bytes) => Bytes;
interface Line {
  readonly level: LevelName;
  /** Holds bytes, one per character; the constant parts are ASCII. */
  readonly text: string;
}

function lineOf(event: Event, name: Name): Line | undefined {
  switch (event.type) {
    case "removed":
      return { level: levelOf(event.done), text: removedLine(event, name) };
    case "created":
      return lineAt(levelOf(event.done), createdLine(event, name));
    case "changed":
      return changedLine(event, name);
    case "kept":
      return { level: keptLevel(event), text: keptLine(event, name(event.path)) };
    case "failed":
      return {
        level: "err",
        text: bytes(`${failure(event.path, event.error)} [${sourceText(event.source)}]`),
      };
    case "skipped":
      return {
        level: event.severity,
        text: bytes(`${escapeForDisplay(event.path)}: ${event.why} [${sourceText(event.source)}]`),
      };
    case "diagnostic": {
      const { file, line, severity, message, in262 = message } = event.diagnostic;
      const level = SEVERITY[severity] ?? "err";
      // For a whole file, the message of 262 already contains the path.
      if (line === 0 && in262 !== message) return { level, text: bytes(in262) };
      const at = line > 0 ? `:${line}` : "";
      return { level, text: `${name(file)}${at}: ${bytes(in262)}` };
    }
  }
}

function keptLevel({ reason, kind }: Of<"kept">): LevelName {
  if (reason.code === "too-deep") return "warning";
  return reason.code === "unreadable" && kind === "directory" ? "err" : "debug";
}

function lineAt(level: LevelName, text: string | undefined): Line | undefined {
  return text === undefined ? undefined : { level, text };
}

function levelOf(done: boolean): LevelName {
  return done ? "debug" : "info";
}

function typeOf(source: Source): LineType | undefined {
  return LINE_TYPES[source.text.trimStart().replace(/^"/, "").charAt(0)];
}

function removedLine(event: Of<"removed">, name: Name): string {
  const verb = event.done ? "Removing" : "Would remove";
  // Removed to make way for a line with the modifier `=`.
  if (event.operation === "create") return `${verb} ${name(event.path)}`;
  const directory = event.kind === "directory" || event.kind === "subvolume";
  if (!event.target) return `${verb} ${directory ? "directory " : ""}"${name(event.path)}"`;
  if (removesOne(event.source) && omitsKind(event.operation, directory))
    return `${verb} "${name(event.path)}".`;
  return `${verb} ${directory ? "directory" : "file"} "${name(event.path)}".`;
}

/** An `r` line; `R` removes what lies below too. */
function removesOne(source: Source): boolean {
  const type = typeOf(source);
  return type?.kind === "removal" && type.ages === "itself";
}

/** For an `r` line, 262 prints "directory" or "file" only when ageing removes a directory. */
function omitsKind(operation: Operation, directory: boolean): boolean {
  return operation === "remove" || (operation === "clean" && !directory);
}

const NODES: Readonly<Record<string, string>> = {
  "character-device": "char device node",
  "block-device": "block device node",
};

/** Undefined if 262 prints nothing: for parent directories, and for existing files. */
function createdLine(event: Of<"created">, name: Name): string | undefined {
  if (event.implicit === true) return undefined;
  const path = name(event.path);
  const { kind, outcome, target } = event;
  if (outcome === "copied") {
    return `${event.done ? "Copying" : "Would copy"} tree "${name(target ?? ("" as Bytes))}" to "${path}"`;
  }
  if (!event.done) return wouldCreate(event, path, target === undefined ? undefined : name(target));
  if (kind === "file") return createdFile(event, path);
  const verb =
    outcome === "existing" ? "Found existing" : outcome === "replaced" ? "Created replacement" : "Created";
  return `${verb} ${NODES[kind] ?? kind} "${path}".`;
}

function createdFile({ outcome, source }: Of<"created">, path: Bytes): string | undefined {
  if (outcome === "truncated") return `Truncated "${path}".`;
  return outcome === "new" && truncates(source) ? `"${path}" has been created.` : undefined;
}

/** Depends on the line only: in a dry run, 262 does not look at the file system. */
function wouldCreate(event: Of<"created">, path: Bytes, target: Bytes | undefined): string {
  if (typeOf(event.source)?.kind === "copy" && target !== undefined)
    return `Would copy tree "${target}" to "${path}"`;
  if (event.kind === "file" && truncates(event.source)) return `Would truncate ${path}`;
  if (event.kind.endsWith("-device")) return `Would create device node ${path}`;
  if (event.kind === "symlink" && target !== undefined) return `Would create symlink ${path} -> ${target}`;
  const subvolume = event.kind === "directory" && typeOf(event.source)?.kind === "subvolume";
  return `Would create ${subvolume ? "subvolume" : event.kind} ${path}`;
}

function truncates(source: Source): boolean {
  const type = typeOf(source);
  return type !== undefined && truncatesFile(type, /^\s*"?.[^\s"]*\+/.test(source.text));
}

function changedLine(event: Of<"changed">, name: Name): Line | undefined {
  // For a line that creates its path, a dry run of 262 reports the creation, not the attributes.
  if (!event.done && typeOf(event.source)?.path === "exact") return undefined;
  return lineAt(levelOf(event.done), changeText(event, `"${name(event.path)}"`, name(event.path)));
}

const DEFAULT_ACL = "default ";

function changeText(event: Of<"changed">, quoted: string, path: Bytes): string | undefined {
  const { done, what } = event;
  const value = bytes(event.value);
  const set = done ? "Setting" : "Would set";
  switch (what) {
    case "mode":
      return `${done ? "Changing" : "Would change"} ${quoted} to mode ${value.replace(/^0+(?=.)/, "")}`;
    case "owner":
      return `${done ? "Changing" : "Would change"} ${quoted} to owner ${value}`;
    case "content":
      return `${done ? "Writing" : "Would write"} to ${quoted}`;
    case "times":
      return `${done ? "Restoring" : "Would restore"} access and modification time on ${quoted}: ${value}`;
    case "acl":
      return value.startsWith(DEFAULT_ACL)
        ? `${set} default ACL ${value.slice(DEFAULT_ACL.length)} on ${path}`
        : `${set} access ACL ${value} on ${path}`;
    case "xattr":
      return `${set} extended attribute '${value}' on ${path}`;
    case "attributes":
      return `${done ? "Trying to set" : "Would try to set"} file attributes ${value} on ${path}`;
    case "capabilities":
      return done
        ? `Setting file capabilities ${value} on ${path}`
        : `Would try to set capabilities on ${path}`;
    case "label":
      return undefined;
  }
}
