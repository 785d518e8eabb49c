/** The messages about lines: Mayfly's own, and those of systemd-tmpfiles 262, which scripts search for. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";

export interface Wording {
  /** The problem and what is expected instead. */
  readonly message: string;
  /** The line of systemd-tmpfiles 262, followed by what is expected. */
  readonly in262: string;
}

/** `hint` is what is expected or what to do; it is appended to both. */
function worded(in262: string, message: string, hint?: string): Wording {
  if (hint === undefined) return { message, in262 };
  return { message: `${message}: ${hint}`, in262: `${in262} (${hint})` };
}

/** Quotes a value as 262 does, which escapes nothing; this escapes unprintable characters. */
function plain(value: Bytes): string {
  return escapeForDisplay(value).replaceAll("\\\\", "\\");
}

export const missingPath = (): Wording =>
  worded(
    "Syntax error.",
    "missing path",
    "a line needs a type and a path, for example `d /run/example 0755 root root -`",
  );

export const missingType = (): Wording => worded("Command too short ''.", "the type is empty");

export const openQuote = (): Wording =>
  worded("Failed to parse line: Invalid argument", "unterminated quote", "close it, or write it as `\\x22`");

export const badEscape = (): Wording =>
  worded("Failed to parse line: Invalid argument", "unknown escape sequence", "write a backslash as `\\\\`");

export const unknownModifier = (type: Bytes, modifier: Bytes, valid: string): Wording =>
  worded(
    `Unknown modifiers in command: ${plain(type)}`,
    `unknown modifier "${escapeForDisplay(modifier)}" in "${escapeForDisplay(type)}"`,
    `valid modifiers are ${valid}`,
  );

export const repeatedModifier = (type: Bytes, modifier: Bytes): Wording =>
  worded(
    `Unknown modifiers in command: ${plain(type)}`,
    `repeated modifier "${escapeForDisplay(modifier)}" in "${escapeForDisplay(type)}"`,
  );

export const byteOrderMark = (type: Bytes): Wording =>
  worded(
    `Unknown modifiers in command: ${plain(type)}`,
    "byte order mark before the type",
    "save the file without a byte order mark",
  );

export const lineTooLong = (): Wording =>
  worded("No buffer space available", "line of 1 MiB or more", "split it up");

export const notAtBoot = (action: string, path: Bytes): Wording =>
  worded(
    `Ignoring entry ${plain(action as Bytes)} "${plain(path)}" because --boot is not specified.`,
    "applies only at boot (--boot)",
  );

export const relativePath = (path: Bytes): Wording =>
  worded(
    `Path '${plain(path)}' not absolute.`,
    `path "${escapeForDisplay(path)}" is not absolute`,
    path.startsWith("~") ? "~ is not expanded; use %h with --user" : undefined,
  );

/** 262 has no such limit. */
export const tooManyAlternatives = (why: string): Wording =>
  worded(`${why}: split the line into several`, `${why}: split the line into several`);

export const legacyDirectory = (path: Bytes, updated: Bytes): Wording =>
  worded(
    `Line references path below legacy directory /var/run/, updating ${plain(path)} → ${plain(updated)}; please update the tmpfiles.d/ drop-in file accordingly.`,
    `/var/run is a legacy name of /run: write "${escapeForDisplay(updated)}"`,
  );

export const unknownType = (letter: Bytes): Wording =>
  worded(`Unknown command type '${plain(letter)}'.`, `unknown line type "${escapeForDisplay(letter)}"`);

export const base64NotAllowed = (letter: string, in262 = ""): Wording =>
  worded(
    `base64 decoding not supported for ${in262}.`,
    `the "~" (base64) modifier is not allowed on ${letter} lines`,
  );

export const missingArgument = (letter: string, in262 = ""): Wording =>
  worded(`${in262} requires argument.`, `${letter} lines need an argument`);

export const unexpectedArgument = (letter: string): Wording =>
  worded(`${letter} lines don't take argument fields.`, `${letter} lines take no argument`);

export const purgeNotAllowed = (letter: string): Wording =>
  worded(
    `Purge flag '$' combined with line type '${letter}' which does not support purging.`,
    `the "$" (purge) modifier is not allowed on ${letter} lines`,
  );

export const conditionNotAllowed = (letter: string): Wording =>
  worded(
    `Modifier '?' combined with line type '${letter}' which does not support this modifier.`,
    `the "?" modifier is not allowed on ${letter} lines`,
  );

export const newerModifiers = (): Wording => {
  const text = '252 has neither the "$" nor the "?" modifier';
  return worded(text, text);
};

export const invalidMode = (mode: Bytes): Wording =>
  worded(
    `Invalid mode '${plain(mode)}'.`,
    `invalid mode "${escapeForDisplay(mode)}"`,
    'expected up to four octal digits, optionally prefixed with "~" or ":"',
  );

export const reducedMode = (from: string, to: string): Wording =>
  worded(
    `Changing mode 0${from} to 0${to} because of changed ownership.`,
    `mode 0${from} is reduced to 0${to}, because the owner is unknown`,
  );

export const invalidAge = (age: Bytes): Wording =>
  worded(
    `Invalid age '${plain(age)}'.`,
    `invalid age "${escapeForDisplay(age)}"`,
    'expected a time span such as "10d" or "1h 30min"',
  );

export const invalidAgeBy = (letters: Bytes): Wording =>
  worded(
    `Invalid age-by '${plain(letters)}'.`,
    `invalid age-by prefix "${escapeForDisplay(letters)}"`,
    "allowed letters before the colon are abcmABCM",
  );

export const firstLevelNotAllowed = (letter: string): Wording =>
  worded(
    `Age modifier '~' is not supported for ${letter} lines.`,
    `the "~" prefix of an age is not allowed on ${letter} lines`,
    "the path itself ages, not what it contains",
  );

type Account = "user" | "group";

const unresolved = (kind: Account, name: Bytes, why: string): string =>
  `Failed to resolve ${kind} '${plain(name)}': ${why}`;

export const emptyAccount = (kind: Account): Wording =>
  worded(unresolved(kind, "" as Bytes, "Invalid argument"), `the name of the ${kind} is empty`);

export const unknownAccount = (kind: Account, name: Bytes): Wording =>
  worded(unresolved(kind, name, `Unknown ${kind}`), `unknown ${kind} "${escapeForDisplay(name)}"`);

export const accountLookupFailed = (kind: Account, name: Bytes, why: string): Wording =>
  worded(unresolved(kind, name, why), `cannot look up ${kind} "${escapeForDisplay(name)}": ${why}`);

export const toleratedAccount = (kind: Account, name: Bytes, path: Bytes): Wording =>
  worded(
    `${plain(path)}: ${kind} '${plain(name)}' not found, not adjusting ownership.`,
    `unknown ${kind} "${escapeForDisplay(name)}"; the owner is left as it is`,
  );

/** Errors in the specifiers of a path or an argument. */
export const notExpanded = (field: "path" | "argument", text: Bytes, why: string, message: string): Wording =>
  worded(
    field === "path"
      ? `Failed to replace specifiers in '${plain(text)}': ${why}`
      : `Failed to substitute specifiers in argument: ${why}`,
    message,
  );

export const unresolvedSpecifier = (why: string, message: string): Wording =>
  worded(`Failed to resolve specifier: ${why}, skipping.`, message);

export const badArgumentEscape = (argument: Bytes): Wording =>
  worded(
    `Failed to unescape parameter to write: ${plain(argument)}`,
    "unknown escape sequence",
    "write a backslash as `\\\\`",
  );

export const relativeSource = (source: Bytes): Wording =>
  worded(
    `Source path '${plain(source)}' is not absolute.`,
    `source "${escapeForDisplay(source)}" is not an absolute path`,
  );

export const missingSource = (source: Bytes): Wording =>
  worded(
    `Copy source path '${plain(source)}' does not exist, skipping line.`,
    `source ${escapeForDisplay(source)} does not exist; line ignored`,
  );

export const invalidDevice = (device: Bytes, why: string): Wording =>
  worded(
    `Can't parse device file major/minor '${plain(device)}'.`,
    `invalid device number "${escapeForDisplay(device)}"`,
    why,
  );

export const noFileAttribute = (): Wording =>
  worded(
    "Setting file attribute needs an attribute specification.",
    "no file attribute given",
    "expected letters of chattr(1)",
  );

export const unknownFileAttribute = (letter: Bytes): Wording =>
  worded(
    `Unknown file attribute '${plain(letter)}'.`,
    `unknown file attribute "${escapeForDisplay(letter)}"`,
    "see chattr(1)",
  );

export const ignoredXattr = (text: Bytes): Wording =>
  worded(
    `Failed to parse extended attribute, ignoring: ${plain(text)}`,
    `ignoring "${escapeForDisplay(text)}"`,
    "expected NAME=VALUE",
  );

export const brokenXattr = (problem: string): Wording =>
  worded(
    "Failed to parse extended attribute, ignoring: Invalid argument",
    `unterminated ${problem}; ignoring it and what follows`,
  );

export const ignoredAcl = (text: Bytes): Wording =>
  worded(
    `Failed to parse ACL "${plain(text)}", ignoring: Invalid argument`,
    `invalid ACL "${escapeForDisplay(text)}"; line ignored`,
    "syntax error, or unknown user or group; see setfacl(1)",
  );

export const ignoredCapabilities = (argument: Bytes, clause: Bytes): Wording =>
  worded(
    `Failed to parse capabilities "${plain(argument)}", ignoring: Invalid argument`,
    `invalid capability clause "${escapeForDisplay(clause)}"; line ignored`,
    'expected, for example, "cap_chown,cap_kill=ep"; see cap_text_formats(7)',
  );

export const noCredentialNamed = (): Wording =>
  worded(
    "Reading from credential requested, but no credential name specified.",
    'the "^" (credential) modifier needs the name of a credential as the argument',
  );

export const invalidCredentialName = (name: Bytes): Wording =>
  worded(
    `Credential name not valid: ${plain(name)}`,
    `invalid credential name "${escapeForDisplay(name)}"`,
    "expected a file name in ASCII, without colons",
  );

export const badCredentialsDirectory = (): Wording =>
  worded(
    "Failed to get credentials directory: Invalid argument",
    "$CREDENTIALS_DIRECTORY is not an absolute, normalized path",
  );

export const missingCredential = (name: Bytes): Wording =>
  worded(
    `Credential '${plain(name)}' not specified, skipping line.`,
    `no credential "${escapeForDisplay(name)}" was passed; line ignored`,
  );

export const unreadableCredential = (name: Bytes, why: string): Wording =>
  worded(
    `Failed to read credential '${plain(name)}': ${why}`,
    `cannot read credential "${escapeForDisplay(name)}": ${why}`,
  );

export const invalidBase64 = (argument: Bytes): Wording =>
  worded(
    `Failed to base64 decode specified argument '${plain(argument)}': Invalid argument`,
    `argument is not valid base64: "${escapeForDisplay(argument)}"`,
  );

export const duplicateLine = (path: Bytes, winner: string): Wording =>
  worded(
    `Duplicate line for path "${plain(path)}", ignoring.`,
    `ignored: conflicts with ${winner}, which already configures ${escapeForDisplay(path)}`,
  );

export const unreadableFile = (file: Bytes, why: string): Wording =>
  worded(`Failed to read '${plain(file)}': ${why}`, `cannot be read: ${why}`);

export const fileNotFound = (file: Bytes, where: string): Wording =>
  worded(`Failed to read '${plain(file)}': No such file or directory (${where})`, where);

export const danglingLink = (file: Bytes): Wording =>
  worded(
    `Failed to chase '${plain(file)}': No such file or directory`,
    "the symlink leads nowhere; file ignored",
  );
