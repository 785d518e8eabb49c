/** Rules about fields, modifiers and names that have another effect than they seem to. */
import { type Bytes, components, escapeForDisplay } from "../../base/bytes.js";
import { resolveCopySource, resolveLinkTarget, resolveText } from "../lines/arguments.js";
import type { Item } from "../model/item.js";
import { MODIFIER_NAMES } from "../syntax/modifiers.js";
import type { Configuration } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

export const LINE_RULES: readonly Rule[] = [
  {
    code: "unused-modifier",
    severity: "warning",
    title: "Modifier has no effect",
    why: "It is accepted, and does nothing on a line of this type.",
    fix: "Remove the modifier.",
    find: unusedModifiers,
  },
  {
    code: "unused-mode",
    severity: "warning",
    title: "Mode has no effect",
    why: "Lines of this type do not set a mode.",
    fix: "Write - for the mode.",
    find: (configuration) => unusedFields(configuration, "mode"),
  },
  {
    code: "unused-owner",
    severity: "warning",
    title: "User or group has no effect",
    why: "Lines of this type do not set an owner.",
    fix: "Write - for user and group.",
    find: function* (configuration) {
      yield* unusedFields(configuration, "user");
      yield* unusedFields(configuration, "group");
    },
  },
  {
    code: "wildcard-in-a-name",
    severity: "warning",
    title: "Wildcard is not expanded",
    why: "This line type creates exactly one path, so the wildcard becomes part of the name.",
    fix: "Write the name, or use a line type that accepts a glob, for example e for existing directories.",
    find: wildcardNames,
  },
  {
    code: "double-star",
    severity: "warning",
    title: "** is not recursive",
    why: "glob(3) treats ** like *: it matches exactly one level.",
    fix: "Write one * for each level; to remove a whole tree, use an R line for the directory.",
    find: doubleStars,
  },
  {
    code: "quoted-argument",
    severity: "warning",
    title: "Quotes become part of the argument",
    why: "The argument is the rest of the line, and is not unquoted: the quotes are written to the file, or become part of the name.",
    fix: "Remove the quotes. Blanks need none here.",
    find: quotedArguments,
  },
  {
    code: "untidy-path",
    severity: "info",
    title: "Path is not normalized",
    why: "// and /./ are removed when the line is read.",
    fix: "Write the shorter path.",
    find: untidyPaths,
  },
  {
    code: "path-with-dots",
    severity: "error",
    title: `Path contains ".."`,
    why: "Its target depends on symlinks, so systemd-tmpfiles refuses to follow it when the line is run.",
    fix: "Write the path without it.",
    find: dottedPaths,
  },
];

function* unusedModifiers({ all }: Configuration): Generator<Spot> {
  for (const { source, letter, type } of all) {
    const written = fieldOf(source, "type")?.slice(1) ?? "";
    for (const [index, modifier] of [...written].entries()) {
      if (!Object.hasOwn(MODIFIER_NAMES, modifier) || type.modifiers.includes(modifier)) continue;
      yield {
        source,
        field: "type",
        at: index + 1,
        detail: `"${modifier}" has no effect on ${letter} lines`,
      };
    }
  }
}

function* unusedFields({ all }: Configuration, field: "mode" | "user" | "group"): Generator<Spot> {
  for (const item of all) {
    if (item[field] !== undefined && ignores(item, field)) {
      yield {
        source: item.source,
        field,
        detail: `${item.letter} lines do not set ${field === "mode" ? "a mode" : "an owner"}`,
      };
    }
  }
}

function ignores({ type }: Item, field: "mode" | "user" | "group"): boolean {
  return type.permissions === "none" || (type.permissions === "owner" && field === "mode");
}

function* wildcardNames(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type, letter } of configuration.all) {
    if (type.path === "glob" || !/[*?]/.test(path)) continue;
    yield {
      source,
      field: "path",
      detail: `${letter} creates a path named exactly ${escapeForDisplay(configuration.shown(path))}`,
    };
  }
}

function* dottedPaths(configuration: Configuration): Generator<Spot> {
  for (const { source, path } of configuration.all) {
    if (components(path).includes(".." as never)) {
      yield { source, field: "path", detail: escapeForDisplay(configuration.shown(path)) };
    }
  }
}

function* doubleStars(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type } of configuration.all) {
    if (type.path !== "glob" || !components(path).some((part) => part.includes("**"))) continue;
    const at = Math.max(0, fieldOf(source, "path")?.indexOf("**") ?? 0);
    yield {
      source,
      field: "path",
      at,
      detail: `${escapeForDisplay(configuration.shown(path))} matches one level for each **`,
    };
  }
}

const TEXTS: readonly unknown[] = [resolveText, resolveLinkTarget, resolveCopySource];

/** Whether the type uses the argument as text: content, targets and sources. */
function* quotedArguments({ all }: Configuration): Generator<Spot> {
  for (const { source, type, modifiers } of all) {
    if (!TEXTS.includes(type.resolveArgument)) continue;
    const written = fieldOf(source, "argument") ?? "";
    if (modifiers.base64 || !/^(["'])[\s\S]*\1$/.test(written) || written.length < 2) continue;
    yield {
      source,
      field: "argument",
      detail: `the argument is ${escapeForDisplay(written as Bytes)}, with its quotes`,
    };
  }
}

function* untidyPaths({ all }: Configuration): Generator<Spot> {
  for (const { source } of all) {
    const at = fieldOf(source, "path")?.search(/\/\.?\//) ?? -1;
    if (at < 0) continue;
    yield { source, field: "path", at, detail: "the path contains // or /./" };
  }
}
