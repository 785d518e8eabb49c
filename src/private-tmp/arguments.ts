/** Checks what callers of the library pass. */
import { type Expectation, listOf, OBJECT, requireArgument, TEXT } from "../base/arguments.js";

const ASKED: Expectation = {
  what: "the number of a process, or the name of a private /tmp",
  accepts: (value) =>
    (typeof value === "string" && value !== "") || (Number.isSafeInteger(value) && Number(value) > 0),
};

/** @throws TypeError */
export function requireCommand(caller: string, command: unknown, options: unknown): void {
  requireArgument(caller, "command", command, listOf(TEXT));
  requireArgument(caller, "options", options, OBJECT);
}

/** @throws TypeError */
export function requireAsked(caller: string, asked: unknown, options: unknown): void {
  requireArgument(caller, "asked", asked, ASKED);
  requireArgument(caller, "options", options, OBJECT);
}
