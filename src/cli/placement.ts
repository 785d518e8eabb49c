/** Where and under which name something temporary is made: the same options for each command that makes it. */
import {
  type Bytes,
  basename,
  bytes,
  dirname,
  escapeForDisplay,
  join,
  toBuffer,
  toText,
} from "../base/bytes.js";
import type { NameOptions, PlacementOptions } from "../temp/index.js";
import { UsageError, type Values } from "./options.js";

export const PLACEMENT = [
  {
    name: "tmpdir",
    short: "p",
    value: "DIR",
    completes: "directory",
    help: "Create it in DIR instead of $TMPDIR or /tmp",
    more: "DIR must be safe: owned by you or root, and sticky if others may write to it.",
  },
  {
    name: "large",
    help: "For large or reboot-persistent files: use $TMPDIR or /var/tmp",
  },
  { name: "fallback", help: "If the directory is full, try /tmp and /var/tmp as well" },
  { name: "suffix", value: "SUFFIX", help: "End the name with SUFFIX" },
] as const;

/** The directory for what is made, from the options alone; an empty DIR is ignored, as in mktemp(1). */
export function placementOf(options: Values<typeof PLACEMENT>): PlacementOptions & NameOptions {
  const { tmpdir } = options;
  return {
    size: options.large ? "large" : "small",
    fallback: options.fallback,
    ...(tmpdir === undefined || tmpdir === "" ? {} : { dir: toBuffer(tmpdir) }),
    ...(options.suffix === undefined ? {} : { suffix: nameText("suffix", options.suffix) }),
  };
}

/** A name that is not UTF-8 can't be given as text. */
function nameText(what: string, value: Bytes): string {
  const text = toText(value);
  if (bytes(text) !== value)
    throw new UsageError(`invalid ${what} "${escapeForDisplay(value)}": not valid UTF-8`);
  if (value.includes("/"))
    throw new UsageError(`invalid ${what} "${escapeForDisplay(value)}": must not contain "/"`);
  return text;
}

/** The last X's, at least three, and what follows them. */
const TEMPLATE = /^(.*?)X{3,}([^X]*)$/s;

/**
 * The same with a template as mktemp(1) has it: the last X's stand for the random part, which is always 128 bits; what
 * follows them is a suffix. A directory in the template is relative to --tmpdir.
 */
export function templatePlacement(
  options: Values<typeof PLACEMENT>,
  template: Bytes,
): PlacementOptions & NameOptions {
  const placement = placementOf(options);
  const invalid = (why: string): UsageError =>
    new UsageError(`invalid template "${escapeForDisplay(template)}": ${why}`);
  const [, prefix, end] = TEMPLATE.exec(basename(template)) ?? [];
  if (prefix === undefined || end === undefined || template.endsWith("/")) {
    throw invalid("must contain XXX in its last component");
  }
  if (end !== "" && options.suffix !== undefined) throw invalid("must end with XXX if --suffix is given");
  if (placement.dir !== undefined && template.startsWith("/")) {
    throw invalid("must not be an absolute path if --tmpdir is given");
  }
  return {
    ...placement,
    prefix: nameText("template", prefix as Bytes),
    ...(end === "" ? {} : { suffix: nameText("template", end as Bytes) }),
    ...(template.includes("/") ? { dir: toBuffer(directoryOf(template, options.tmpdir)) } : {}),
  };
}

function directoryOf(template: Bytes, tmpdir: Bytes | undefined): Bytes {
  const directory = dirname(template);
  return tmpdir === undefined || tmpdir === "" ? directory : join(tmpdir, directory);
}
