/** What a command is: its table of options, and what it is started with. */
import type { Bytes } from "../base/bytes.js";
import type { OutputStream } from "./output-stream.js";

/** What a shell should offer where an operand or an option's value is due. */
export type Completion = "file" | "directory" | "config" | "command" | "user" | "process" | "none";

/** One row of a command's table: the parser, the help, the man page and the completions all read it. */
export interface Option {
  /** The long name, without its dashes; where there is none, only `short` works. */
  readonly name?: string;
  readonly short?: string;
  /** The name of its value, as `PATH`; an option without one is a flag. */
  readonly value?: string;
  /** The value may be left out, and can then only be written as `--name=VALUE`. */
  readonly optional?: boolean;
  /** May be given more than once; its values come as an array. */
  readonly multiple?: boolean;
  /** All the values that there are, for the parser's check and for completion. */
  readonly choices?: readonly string[];
  readonly completes?: Completion;
  /** The heading it stands under in the help; `Options` where it has none. */
  readonly group?: string;
  /** One sentence without its full stop, for the help. */
  readonly help: string;
  /** What else the man page says. */
  readonly more?: string;
  /** Works, but is told nowhere. */
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

/** The parsed options by name: a flag is true or false, a value is its bytes (an optional one left out is empty bytes). */
export type Values<O extends readonly Option[]> = {
  readonly [Each in O[number] as Key<Each>]: Value<Each>;
};

/** How the program was started; `mountedImage` is where the image of `--image` is, in the process that works in it. */
export interface ProgramStart {
  readonly startedAs: Bytes;
  readonly args: readonly Bytes[];
  readonly mountedImage?: Bytes;
}

/** What a command is started with. */
export interface Invocation<O extends readonly Option[] = readonly Option[]> {
  /** How the program was called, for its messages: `mayfly clean`. */
  readonly program: string;
  readonly options: Values<O>;
  readonly operands: readonly Bytes[];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly how: ProgramStart;
}

/** A piece of the man page: a heading and its paragraphs. In the text `**bold**` and `*italics*` are marked up. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

export interface Command<O extends readonly Option[] = readonly Option[]> {
  readonly name: string;
  /** What follows the command's name: `[OPTION]... [CONFIG]...`. */
  readonly synopsis: string;
  /** A few sentences: what it does and what it does not. Starts the help and the man page. */
  readonly description: string;
  readonly options: O;
  readonly operands?: Completion;
  /** Options end at the first operand: the rest belongs to the command that is run. */
  readonly stopsAtOperand?: boolean;
  /** Command lines with what they do, for the end of the help. */
  readonly examples?: readonly (readonly [command: string, does: string])[];
  /** Further sections of the man page. */
  readonly sections?: readonly Section[];
  /** Files and directories of its own, for the man page: their paths, and what they are. */
  readonly files?: readonly (readonly [path: string, meaning: string])[];
  /** The exit status where the command line itself is wrong; EX_USAGE (64) where it is not given. */
  readonly usageStatus?: number;
  /** Does the work and returns the exit status. What it throws is printed, and the status is then 1. */
  main(invocation: Invocation<O>): number | Promise<number>;
}

/** Gives `main` the types of its own options; returns the command as all others are. */
export function defineCommand<const O extends readonly Option[]>(command: Command<O>): Command {
  return command;
}

/** A command line that can't be obeyed, in words for the person who wrote it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The option as it was written, if there is none of that name. */
  readonly unknown: string | undefined;

  constructor(message: string, unknown?: string) {
    super(message);
    this.unknown = unknown;
  }
}

/** Every command has it, except where its own table says otherwise. */
export const HELP: Option = { name: "help", short: "h", help: "Show this help" };
/** The same, for people who type it behind a command. */
export const VERSION: Option = { name: "version", short: "V", help: "Show the version", hidden: true };

/** EX_USAGE of sysexits.h: the exit status for a command line that can't be obeyed. */
export const BAD_USAGE = 64;
