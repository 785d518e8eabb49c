/** The options that select the configuration, shared by the drop-in and by clean, create, remove and purge. */
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

/** Which configuration to use, and which part of it. */
export const CONFIG_OPTIONS = [
  { name: "user", help: "Use the user's own configuration (user-tmpfiles.d) instead of the system's" },
  { name: "boot", help: "Also apply lines marked with !, which are only safe at boot" },
  { name: "graceful", help: "Quietly ignore unknown users and groups" },
  {
    name: "prefix",
    value: "PATH",
    multiple: true,
    completes: "directory",
    help: "Apply only lines whose path begins with PATH",
  },
  {
    name: "exclude-prefix",
    value: "PATH",
    multiple: true,
    completes: "directory",
    help: "Ignore lines whose path begins with PATH",
  },
  { short: "E", help: "Ignore lines whose path begins with /dev, /proc, /run or /sys" },
  {
    name: "root",
    value: "PATH",
    completes: "directory",
    help: "Operate on the tree below PATH, with its configuration and its accounts",
  },
  {
    name: "image",
    value: "PATH",
    completes: "file",
    help: "Operate on a disk image: a file system, or a GPT with partitions (implies -E)",
    more: `Partitions are located as the Discoverable Partitions Specification defines, and mounted in a private mount
namespace that ends with the command. Encrypted partitions and dm-verity are not supported. File systems are not checked
before they are mounted.`,
  },
  {
    name: "image-policy",
    value: "POLICY",
    help: "Restrict which partitions of the image may be used (systemd.image-policy(7))",
    more: "Only **unprotected** partitions can be used, whatever the policy allows.",
  },
  {
    name: "replace",
    value: "PATH",
    completes: "file",
    help: "Use the operands instead of the configuration file PATH, with its priority",
  },
] as const satisfies readonly Option[];

export const INLINE = {
  name: "inline",
  help: "Treat each operand as a line of configuration, not as a file",
} as const satisfies Option;

/** The parsed values of these options. */
export type ConfigValues = Values<readonly [...typeof CONFIG_OPTIONS, typeof INLINE]>;

/** The paths that -E ignores: the kernel's file systems and /run, which are mounted over when the tree is booted. */
const VIRTUAL = ["/dev", "/proc", "/run", "/sys"] as Bytes[];

/** The options of the engine that these options stand for. */
export function configOptionsOf(values: ConfigValues, operands: readonly Bytes[], how: ProgramStart) {
  // An image is not a running system. 262 implies -E even if the value of --image is empty.
  const virtual = values.E || values.image !== undefined;
  return {
    root: how.mountedImage ?? given(values.root),
    user: values.user,
    boot: values.boot,
    graceful: values.graceful,
    // Unchanged: in 262, a relative prefix is not resolved against the working directory and matches nothing.
    prefixes: values.prefix,
    excludePrefixes: [...values["exclude-prefix"], ...(virtual ? VIRTUAL : [])],
    args: operands,
    inline: values.inline,
    replace: values.replace,
  };
}

/** The path as an absolute path; undefined if the option is missing or its value is empty. */
export function given(path: Bytes | undefined): Bytes | undefined {
  return path === undefined || path === "" ? undefined : absolute(path);
}

function absolute(path: Bytes): Bytes {
  if (isAbsolute(path)) return normalize(path);
  const cwd = fromBuffer(readlinkSync("/proc/self/cwd", { encoding: "buffer" }));
  return normalize(join(cwd, path));
}

/**
 * Why the command line is refused, checked in the order and worded as in systemd-tmpfiles 262; undefined if it is
 * accepted. `show` is set for --cat-config and --tldr.
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

/** Why `root` cannot be used as the root directory; undefined if it can. */
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
