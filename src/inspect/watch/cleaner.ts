import { type Bytes, basename, isAbsolute } from "../../base/bytes.js";
import type { Operation } from "../../base/events.js";
import type { Actor } from "./event.js";

/** How a cleaner was called: what of its command line decides about a removal. */
export interface CleanerCall {
  readonly operations: readonly Operation[];
  readonly boot: boolean;
  readonly root: Bytes | undefined;
  readonly config: readonly Bytes[];
}

const OPERATIONS: readonly Operation[] = ["purge", "remove", "clean"];

/** What the process was asked to do, where it is systemd-tmpfiles or Mayfly; undefined where it is neither. */
export function cleanerCall({ exe, cmdline = [] }: Actor): CleanerCall | undefined {
  const words = ownArguments(exe, cmdline);
  if (words === undefined) return undefined;
  const operations = OPERATIONS.filter((each) => words.includes(`--${each}` as Bytes) || words[0] === each);
  const root = words.find((word) => word.startsWith("--root="))?.slice("--root=".length);
  return {
    operations,
    boot: words.includes("--boot" as Bytes),
    root: root === undefined || root === "" ? undefined : (root as Bytes),
    // A relative name is found in the configuration directories, a relative path below a directory that is not known.
    config: words.filter((word) => !word.startsWith("-") && (isAbsolute(word) || word.endsWith(".conf"))),
  };
}

/** The arguments behind the program's name. */
function ownArguments(exe: Bytes | undefined, cmdline: readonly Bytes[]): readonly Bytes[] | undefined {
  if (exe !== undefined && isCleaner(exe)) return cmdline.slice(1);
  if (exe === undefined || !/^(node|nodejs)$/.test(basename(exe))) return undefined;
  const at = cmdline.findIndex((word) => isCleaner(word) || /^mayfly(\.js)?$/.test(basename(word)));
  return at < 0 ? undefined : cmdline.slice(at + 1);
}

const isCleaner = (program: Bytes): boolean => /^systemd-tmpfiles/.test(basename(program));
