/** The options that choose the configuration: the drop-in and the verbs share them. */
import { readlinkSync, statSync } from "node:fs";
import {
  type Bytes,
  escapeForDisplay,
  fromBuffer,
  isAbsolute,
  join,
  normalize,
  toBuffer,
  toText,
} from "../base/bytes.js";
import { policyProblem } from "../image/index.js";
import type { Option, ProgramStart, Values } from "./options.js";

/** Which configuration, and which part of it: the drop-in and the friendly verbs have these in common. */
export const CONFIG_OPTIONS = [
  { name: "user", help: "Use the user's own configuration (user-tmpfiles.d) instead of the system's" },
  { name: "boot", help: "Run the lines marked with ! too, which are only safe at boot" },
  { name: "graceful", help: "Do not complain about users and groups that do not exist" },
  {
    name: "prefix",
    value: "PATH",
    multiple: true,
    completes: "directory",
    help: "Run only the lines whose path begins with PATH",
  },
  {
    name: "exclude-prefix",
    value: "PATH",
    multiple: true,
    completes: "directory",
    help: "Leave out the lines whose path begins with PATH",
  },
  { short: "E", help: "Leave out /dev, /proc, /run and /sys" },
  {
    name: "root",
    value: "PATH",
    completes: "directory",
    help: "Work below PATH: its configuration, its accounts, its files",
  },
  {
    name: "image",
    value: "PATH",
    completes: "file",
    help: "Work inside a disk image: a file system, or a GPT with partitions (implies -E)",
    more: `The partitions are found by the Discoverable Partitions Specification, and mounted in a mount namespace of its
own, that ends with the command. Encrypted partitions and dm-verity are not supported, and the file systems are not
checked before they are mounted.`,
  },
  {
    name: "image-policy",
    value: "POLICY",
    help: "Which partitions of the image may be used (systemd.image-policy(7))",
    more: "Only **unprotected** partitions can be used, whatever the policy allows.",
  },
  {
    name: "replace",
    value: "PATH",
    completes: "file",
    help: "Take the operands in place of the configuration file PATH, with its priority",
  },
] as const satisfies readonly Option[];

export const INLINE = {
  name: "inline",
  help: "Take each operand as a line of configuration, not as a file",
} as const satisfies Option;

/** These options, as the parser gives them. */
export type ConfigValues = Values<readonly [...typeof CONFIG_OPTIONS, typeof INLINE]>;

/** What -E leaves out: what is usually mounted over when the tree is booted. */
const VIRTUAL = ["/dev", "/proc", "/run", "/sys"] as Bytes[];

/** The engine's own words for what the options select. */
export function configOptionsOf(values: ConfigValues, operands: readonly Bytes[], how: ProgramStart) {
  // An image is no running system: 262 implies -E even where the image is named as nothing.
  const virtual = values.E || values.image !== undefined;
  return {
    root: how.mountedImage ?? given(values.root),
    user: values.user,
    boot: values.boot,
    graceful: values.graceful,
    // As they are written: 262 does not take a relative one from the working directory, it matches nothing.
    prefixes: values.prefix,
    excludePrefixes: [...values["exclude-prefix"], ...(virtual ? VIRTUAL : [])],
    args: operands,
    inline: values.inline,
    replace: values.replace,
  };
}

/** An option of empty bytes counts as not given. */
export function given(path: Bytes | undefined): Bytes | undefined {
  return path === undefined || path === "" ? undefined : absolute(path);
}

function absolute(path: Bytes): Bytes {
  if (isAbsolute(path)) return normalize(path);
  const cwd = fromBuffer(readlinkSync("/proc/self/cwd", { encoding: "buffer" }));
  return normalize(join(cwd, path));
}

/**
 * Why a command line is refused, in the order and the words of systemd-tmpfiles 262; undefined where it is not. `show`
 * stands for --cat-config and --tldr.
 */
export function refusalOf(
  values: ConfigValues,
  operands: readonly Bytes[],
  wanted: { readonly operations: readonly string[]; readonly show: boolean },
): string | undefined {
  const { replace, inline, user, root, image } = values;
  const badReplace = replace === undefined ? undefined : replaceProblem(replace);
  if (badReplace !== undefined) return badReplace;
  const badPolicy = policyProblem(toText(values["image-policy"] ?? ("" as Bytes)));
  if (badPolicy !== undefined) return badPolicy;
  if (wanted.operations.length === 0 && !wanted.show) {
    return "You need to specify at least one of --clean, --create, --remove, or --purge.";
  }
  if (wanted.operations.includes("purge") && operands.length === 0) {
    return "Refusing --purge without specification of a configuration file.";
  }
  if (replace !== undefined && wanted.show)
    return "Option --replace= is not supported with --cat-config/--tldr.";
  if (inline && wanted.show) return "Option --inline is not supported with --cat-config/--tldr.";
  if (replace !== undefined && operands.length === 0) {
    return "When --replace= is given, some configuration items must be specified.";
  }
  if (user && given(root) !== undefined) return "Combination of --user and --root= is not supported.";
  if (given(image) !== undefined && given(root) !== undefined) {
    return "Please specify either --root= or --image=, the combination of both is not supported.";
  }
  return undefined;
}

/** Why there is nothing to work below; undefined where there is. */
export function rootProblem(root: Bytes | undefined): string | undefined {
  if (root === undefined) return undefined;
  const status = statSync(toBuffer(root), { throwIfNoEntry: false });
  const problem =
    status === undefined ? "No such file or directory" : status.isDirectory() ? undefined : "Not a directory";
  return problem && `Failed to open root directory '${escapeForDisplay(root)}': ${problem}`;
}

function replaceProblem(replace: Bytes): string | undefined {
  if (!isAbsolute(replace)) return "The argument to --replace= must be an absolute path.";
  if (!replace.endsWith(".conf")) return "The argument to --replace= must have the extension '.conf'.";
  return undefined;
}
