/** A program that is called like systemd-tmpfiles: the real one, or Mayfly. */
import { spawn } from "node:child_process";
import { NOBODY } from "../ordinary-user.js";
import type { Case } from "./case.js";
import { baseOf, commandLine, textOf } from "./case.js";
import type { Instrument } from "./instrument.js";
import type { Copy } from "./lab.js";

export interface Outcome {
  /** The exit status, or the signal's name. */
  readonly status: number | string;
  readonly output: string;
}

export interface Program {
  readonly name: string;
  run(one: Case, copy: Copy): Promise<Outcome>;
  close?(): void;
}

/** How our own walks, where the drop-in leaves that to the engine. */
export interface Settled {
  readonly jobs: number;
  /** A file for the index of the second run. */
  readonly index?: string | undefined;
}

/** A call as data. */
export interface Call {
  readonly settled?: Settled;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string;
  readonly unprivileged: boolean;
}

const LIMIT_MS = 60_000;
/** The real one matches bytes, unless a message with an arrow or an ellipsis made it look for the user's locale before. */
export const LOCALE = { LC_ALL: "C" };

export function callOf(one: Case, copy: Copy, environment: Readonly<Record<string, string>> = {}): Call {
  const base = baseOf(copy.at, one);
  const written = one.files.filter((file) => file.place === "argument").flatMap((file) => file.lines);
  return {
    args: commandLine(one, copy.at),
    environment: { ...environment, CREDENTIALS_DIRECTORY: `${copy.at.toString("latin1")}/creds` },
    input: one.delivery === "stdin" ? textOf(written, base) : "",
    unprivileged: one.unprivileged,
  };
}

/**
 * Starts a program. Arguments may hold any bytes but NUL, and node would encode them: they go through a shell as octal
 * escapes where they are not plain.
 */
export function start(command: string, call: Call): Promise<Outcome> {
  const plain = call.args.every((argument) => /^[ -~]*$/.test(argument));
  const octal = (text: string): string =>
    [...Buffer.from(text, "latin1")].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
  const words = call.args.map((argument) => `"$(printf '%b.' '${octal(argument)}')"`);
  const script = `n=0; for a in ${words.join(" ")}; do n=$((n+1)); done; set -- ${words.join(" ")}; for a do shift; set -- "$@" "\${a%.}"; done; exec "$command" "$@"`;
  const environment = { ...process.env, ...LOCALE, ...call.environment, command };
  const [program, args] = plain ? [command, [...call.args]] : ["/bin/sh", ["-c", script]];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: environment,
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
      ...(call.unprivileged ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ status: code ?? signal ?? "unknown", output: Buffer.concat(chunks).toString("latin1") }),
    );
    child.stdin.on("error", () => undefined);
    child.stdin.end(Buffer.from(call.input, "latin1"));
  });
}

/** The real one, with the clock moved by the preloaded library. */
export function realProgram(tools: Instrument): Program {
  const environment = (one: Case): Record<string, string> => ({
    LD_PRELOAD: tools.clock,
    MAYFLY_CLOCK_SHIFT: `${one.clockDays * 86_400}`,
    SYSTEMD_LOG_LEVEL: "debug",
  });
  return {
    name: "systemd-tmpfiles",
    run: (one, copy) => start(tools.binary, callOf(one, copy, environment(one))),
  };
}

/** Takes the place of a program in a test that is skipped. */
export const nothing: Program = {
  name: "nothing",
  run: () => Promise.reject(new Error("there is no program")),
};
