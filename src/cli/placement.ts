/** The options of mktemp and with-dir that select directory and name. */
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
    mayBeEmpty: true,
    help: "Create it in DIR instead of $TMPDIR or /tmp",
    more: "DIR must be safe: owned by you or root, and sticky if others may write to it.",
  },
  {
    name: "large",
    help: "Use $TMPDIR or /var/tmp, for files that are large or must survive a reboot",
  },
  { name: "fallback", help: "Try /tmp and /var/tmp as well if the directory is full" },
  { name: "suffix", value: "SUFFIX", help: "Append SUFFIX to the name" },
] as const;

/** The placement that the options select. An empty DIR is ignored, as in mktemp(1). */
export function placementOf(options: Values<typeof PLACEMENT>): PlacementOptions & NameOptions {
  const { tmpdir } = options;
  return {
    size: options.large ? "large" : "small",
    fallback: options.fallback,
    ...(tmpdir === undefined || tmpdir === "" ? {} : { dir: toBuffer(tmpdir) }),
    ...(options.suffix === undefined ? {} : { suffix: nameText("suffix", options.suffix) }),
  };
}

/** The library accepts names as text only. */
function nameText(what: string, value: Bytes): string {
  const text = toText(value);
  if (bytes(text) !== value)
    throw new UsageError(`invalid ${what} "${escapeForDisplay(value)}": not valid UTF-8`);
  if (value.includes("/"))
    throw new UsageError(`invalid ${what} "${escapeForDisplay(value)}": must not contain "/"`);
  return text;
}

/** The last run of three or more X's, and the rest of the name. */
const TEMPLATE = /^(.*?)X{3,}([^X]*)$/s;

/**
 * The placement for a template as in mktemp(1): the last X's are replaced by 128 random bits, and the text after them is
 * the suffix. A directory in the template is relative to --tmpdir.
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
