import { components, show } from "../../base/bytes.js";
import { MODIFIER_NAMES } from "../config/line.js";
import type { Item } from "../item.js";
import type { Configuration } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

/** Fields and modifiers that are read and then forgotten. */
export const LINE_RULES: readonly Rule[] = [
  {
    code: "unused-modifier",
    severity: "warning",
    title: "A modifier that means nothing here",
    why: "It is taken, and does nothing on a line of this type.",
    wayOut: "Leave it out.",
    find: unusedModifiers,
  },
  {
    code: "unused-mode",
    severity: "warning",
    title: "A mode that is not used",
    why: "Lines of this type have no inode of their own whose mode they could set.",
    wayOut: "Write - for the mode.",
    find: (configuration) => unusedFields(configuration, "mode"),
  },
  {
    code: "unused-owner",
    severity: "warning",
    title: "An owner that is not used",
    why: "Lines of this type change nobody's ownership.",
    wayOut: "Write - for user and group.",
    find: function* (configuration) {
      yield* unusedFields(configuration, "user");
      yield* unusedFields(configuration, "group");
    },
  },
  {
    code: "wildcard-in-a-name",
    severity: "warning",
    title: "A wildcard that is none",
    why: "Lines of this type name one path: the wildcard is part of the name that they make.",
    wayOut: "Write the name; or a type that takes a glob, as e for directories that are there.",
    find: wildcardNames,
  },
  {
    code: "path-with-dots",
    severity: "error",
    title: "A path with ..",
    why: "Where it leads depends on symlinks, so systemd-tmpfiles refuses to follow it when the line is run.",
    wayOut: "Write the path that is meant.",
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
        detail: `"${modifier}" means nothing on ${letter} lines`,
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
        detail: `${item.letter} lines set no ${field === "mode" ? "mode" : "owner"}`,
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
      detail: `${letter} makes the very name ${show(configuration.shown(path))}`,
    };
  }
}

function* dottedPaths(configuration: Configuration): Generator<Spot> {
  for (const { source, path } of configuration.all) {
    if (components(path).includes(".." as never)) {
      yield { source, field: "path", detail: show(configuration.shown(path)) };
    }
  }
}
