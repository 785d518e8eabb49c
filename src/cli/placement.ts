import { type Bytes, bytes, show, toBuffer, toText } from "../base/bytes.js";
import type { NameOptions, PlacementOptions } from "../temp/options.js";
import { UsageError, type Values } from "./options.js";

/** Where and under which name something temporary is made: the same for each command that makes it. */
export const PLACEMENT = [
  {
    name: "tmpdir",
    short: "p",
    value: "DIR",
    completes: "directory",
    help: "Make it in DIR, not in $TMPDIR or /tmp",
    more: "DIR must be safe: yours or root's, and sticky where others may write to it.",
  },
  {
    name: "large",
    help: "It will be big, or has to outlive a reboot: $TMPDIR or /var/tmp",
  },
  { name: "fallback", help: "Where that is full, go on to /tmp or /var/tmp" },
  { name: "suffix", value: "SUFFIX", help: "End the name with SUFFIX" },
] as const;

const LAST_PLACEHOLDER = /X{3,}$/;

/** `template` is as mktemp(1) has it: the X's at its end stand for the random part, which is always 128 bits. */
export function placementOf(
  options: Values<typeof PLACEMENT>,
  template: Bytes | undefined,
): PlacementOptions & NameOptions {
  const text = template === undefined ? "tmp.XXX" : toText(template);
  const invalid = (why: string): UsageError =>
    new UsageError(`invalid template "${show(bytes(text))}": ${why}`);
  if (text.includes("/")) throw invalid('must not contain "/"; use --tmpdir for the directory');
  if (!LAST_PLACEHOLDER.test(text)) throw invalid("must end with XXX; use --suffix for what follows");
  return {
    prefix: text.replace(LAST_PLACEHOLDER, ""),
    size: options.large ? "large" : "small",
    fallback: options.fallback,
    ...(options.tmpdir === undefined ? {} : { dir: toBuffer(options.tmpdir) }),
    ...(options.suffix === undefined ? {} : { suffix: toText(options.suffix) }),
  };
}
