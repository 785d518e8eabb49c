/** Types that define a command: its options, its invocation, and the texts of its help and man page. */
import type { Bytes } from "../base/bytes.js";
import type { OutputStream } from "./output-stream.js";

/** What a shell offers to complete an operand or an option's value. */
export type Completion = "file" | "directory" | "config" | "command" | "user" | "process" | "none";

/** One option of a command. The parser, the help, the man page and the completions all read it. */
export interface Option {
  /** The long name without its dashes; if it is missing, only `short` works. */
  readonly name?: string;
  readonly short?: string;
  /** The placeholder of its value, such as `PATH`; an option without one is a flag. */
  readonly value?: string;
  /** The value may be omitted; if it is given, it must be written as `--name=VALUE`. */
  readonly optional?: boolean;
  /** An empty value is the same as none, as for mktemp(1). */
  readonly mayBeEmpty?: boolean;
  /** May be given more than once; the parsed value is an array. */
  readonly multiple?: boolean;
  /** All valid values, for the parser and for completion. */
  readonly choices?: readonly string[];
  readonly completes?: Completion;
  /** Its heading in the help; `Options` by default. */
  readonly group?: string;
  /** One sentence in the imperative, without a full stop. */
  readonly help: string;
  /** Additional text for the man page. */
  readonly more?: string;
  /** Accepted, but not documented. */
  readonly hidden?: boolean;
}

type Key<O extends Option> = O extends { readonly name: infer N extends string }
  ? N
  : O extends { readonly short: infer S extends string }
    ? S
    : never;

type Value<O extends Option> = O extends { readonly value: string }
  ? O extends { readonly multiple: true }
    ? readonly Bytes[]
    : Bytes | undefined
  : boolean;

/** The parsed options by name: a boolean for a flag, otherwise the value's bytes (empty if an optional value is omitted). */
export type Values<O extends readonly Option[]> = {
  readonly [Each in O[number] as Key<Each>]: Value<Each>;
};

/** How the program was started. `mountedImage` is the mount point of the image of `--image`, set in the process that works in it. */
export interface ProgramStart {
  readonly startedAs: Bytes;
  readonly args: readonly Bytes[];
  readonly mountedImage?: Bytes;
}

/** What `main` of a command receives. */
export interface Invocation<O extends readonly Option[] = readonly Option[]> {
  /** The prefix of its messages, such as `mayfly clean`. */
  readonly program: string;
  readonly options: Values<O>;
  readonly operands: readonly Bytes[];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly how: ProgramStart;
}

/** A section of the man page. `**bold**` and `*italics*` are marked up. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

export interface Command<O extends readonly Option[] = readonly Option[]> {
  readonly name: string;
  /** The arguments after the command's name: `[OPTION]... [CONFIG]...`. */
  readonly synopsis: string;
  /** A few sentences on what it does and does not do; the first starts with a verb in the third person. */
  readonly description: string;
  readonly options: O;
  readonly operands?: Completion;
  /** Options end at the first operand; the remaining arguments belong to the command to run. */
  readonly stopsAtOperand?: boolean;
  /** Command lines and captions, for the end of the help. */
  readonly examples?: readonly (readonly [command: string, does: string])[];
  /** Further sections of the man page. */
  readonly sections?: readonly Section[];
  /** Files that the command uses, for the man page: paths and descriptions. */
  readonly files?: readonly (readonly [path: string, meaning: string])[];
  /** The exit status for an invalid command line; EX_USAGE (64) by default. */
  readonly usageStatus?: number;
  /** Returns the exit status. If it throws, the error is printed and the exit status is 1. */
  main(invocation: Invocation<O>): number | Promise<number>;
}

/** Infers the types of the options that `main` receives. */
export function defineCommand<const O extends readonly Option[]>(command: Command<O>): Command {
  return command;
}

/** An invalid command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The option as written, if it is unknown. */
  readonly unknown: string | undefined;

  constructor(message: string, unknown?: string) {
    super(message);
    this.unknown = unknown;
  }
}

/** Added to every command whose table has no `help` of its own. */
export const HELP: Option = { name: "help", short: "h", help: "Show this help" };
/** Added with HELP. Hidden, since `mayfly --version` is the documented spelling. */
export const VERSION: Option = { name: "version", short: "V", help: "Show the version", hidden: true };

/** EX_USAGE of sysexits.h: the exit status for an invalid command line. */
export const BAD_USAGE = 64;
