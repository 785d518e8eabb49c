/** Reads the credentials that the service manager passed: systemd.exec(5). */
import { type Bytes, bytes, isAbsolute, join, normalize } from "../../base/bytes.js";
import { readBelow } from "../../sys/read.js";
import {
  badCredentialsDirectory,
  invalidCredentialName,
  unreadableCredential,
  type Wording,
} from "../syntax/wording.js";
import { whyUnreadable } from "./files.js";

/** The credentials that the service manager passed, systemd.exec(5). */
export interface Credentials {
  readonly directory: Bytes | undefined;
  /** Undefined if there is no such credential. Throws if the name is invalid, or if it cannot be read. */
  read(name: Bytes): Bytes | undefined;
}

export class CredentialError extends Error {
  override readonly name = "CredentialError";
  readonly wording: Wording;

  constructor(wording: Wording) {
    super(wording.message);
    this.wording = wording;
  }
}

/** The service manager's own limit for reading files. */
const LARGEST = 64 << 20;
/** A file name of printable ASCII without colons. */
const VALID_NAME = /^(?!\.{1,2}$)[ !-.0-9;-~]{1,255}$/;

/** The credentials in $CREDENTIALS_DIRECTORY. Throws if that is not an absolute, normalized path. */
export function credentialsOf(environment: NodeJS.ProcessEnv): Credentials {
  const value = environment.CREDENTIALS_DIRECTORY;
  const directory = value === undefined ? undefined : bytes(value);
  if (directory !== undefined && !isPlain(directory)) {
    throw new CredentialError(badCredentialsDirectory());
  }
  return { directory, read: (name) => readCredential(directory, name) };
}

function isPlain(path: Bytes): boolean {
  return (
    isAbsolute(path) &&
    (normalize(path) === path || `${normalize(path)}/` === path) &&
    !/\/\.\.(\/|$)/.test(path)
  );
}

function readCredential(directory: Bytes | undefined, name: Bytes): Bytes | undefined {
  if (!VALID_NAME.test(name)) throw new CredentialError(invalidCredentialName(name));
  if (directory === undefined) return undefined;
  return readOrExplain(directory, name);
}

function readOrExplain(directory: Bytes, name: Bytes): Bytes | undefined {
  try {
    return readBelow(undefined, join(directory, name), LARGEST);
  } catch (error) {
    throw new CredentialError(unreadableCredential(name, whyUnreadable(error as Error)));
  }
}
