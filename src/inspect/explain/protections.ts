/** Finds what seems to protect a path from the cleaner but does not. */
import type { Bytes } from "../../base/bytes.js";
import { escapeForDisplay } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { expandBraces } from "../../path/braces.js";
import { fnmatch } from "../../sys/fnmatch.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import type { Item } from "../../tmpfiles/model/item.js";
import type { User, Uses } from "./users.js";

/** Describes it as text, for a path that nothing else protects. */
export function unprotectedBy(
  path: Bytes,
  { verdict, line }: { readonly verdict: "keep" | "remove"; readonly line: Source | undefined },
  loaded: Loaded,
  uses: Uses,
): string[] {
  return [
    ...usesText(uses),
    ...unexpandedBraces(path, line, loaded),
    ...(verdict === "remove" ? overruledExclusions(path, line, loaded) : []),
  ];
}

function usesText(uses: Uses): string[] {
  const facts: [readonly User[], string][] = [
    [uses.open, "open in a running process (cleaners do not check open files)"],
    [uses.workingDirectory, "the working directory of a process (cleaners do not check working directories)"],
    [uses.running, "a program that is running (cleaners do not check running programs)"],
    [uses.otherLocks, "locked with fcntl(2), by a POSIX or OFD lock (cleaners check only flock(2))"],
    [
      uses.mountedElsewhere,
      "a mount point in another mount namespace (the cleaner removes the directory, which also unmounts it there)",
    ],
    [
      uses.boundElsewhere,
      "a socket of a process in another network namespace (cleaners check only sockets in their own)",
    ],
  ];
  return facts.filter(([users]) => users.length > 0).map(([users, text]) => `${text}: ${usersText(users)}`);
}

function usersText(users: readonly User[]): string {
  return users
    .map(({ pid, program }) => `${program === undefined ? "" : `${escapeForDisplay(program)} `}(pid ${pid})`)
    .join(", ");
}

function unexpandedBraces(path: Bytes, line: Source | undefined, { globs }: Loaded): string[] {
  return globs.flatMap(({ path: pattern, items: [item] }) => {
    if (item === undefined || item.source === line || !pattern.includes("{")) return [];
    const would = expandBraces(pattern).some((each) => above(path).some((prefix) => fnmatch(each, prefix)));
    return would
      ? [`braces in \`${escapeForDisplay(item.source.text)}\` (brace expansion does not apply to exclusions)`]
      : [];
  });
}

/** `x D/a` does not affect `e D/*`, which cleans D/a as a directory of its own. */
function overruledExclusions(path: Bytes, line: Source | undefined, { exact, globs }: Loaded): string[] {
  return [...exact, ...globs]
    .flatMap(({ items }) => items.filter(keepsAllBelow))
    .filter(({ path: pattern }) => above(path).some((prefix) => fnmatch(pattern, prefix)))
    .map(
      ({ source }) =>
        `\`${escapeForDisplay(source.text)}\`: \`${escapeForDisplay(line?.text ?? ("" as Bytes))}\` matches a path at or below it and cleans that`,
    );
}

/** An `x` line; `X` keeps its path alone. */
function keepsAllBelow({ type }: Item): boolean {
  return type.kind === "exclusion" && type.ageInheritance !== "inherits";
}

/** The path and each directory above it. */
function above(path: Bytes): Bytes[] {
  const found: Bytes[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1))
    found.push(path.slice(0, end) as Bytes);
  return found;
}
