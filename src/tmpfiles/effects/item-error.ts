/** What an item cannot do, although no system call failed. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";

export type ItemErrorCode =
  | "WRONG_TYPE"
  | "NOT_A_FILE"
  | "NO_NAME"
  | "MOUNT_POINT"
  | "NOT_REMOVED"
  | "MISSING_LIBRARY"
  | "NOT_A_DIRECTORY"
  | "INCONSISTENT_CAPABILITIES"
  | "NO_QUOTA_LEVEL";

/** What an item can't do at a path, though no single call failed. */
export class ItemError extends Error {
  override readonly name = "ItemError";
  readonly code: ItemErrorCode;

  constructor(code: ItemErrorCode, path: Bytes, message: string) {
    super(`${escapeForDisplay(path)}: ${message}`);
    this.code = code;
  }
}
