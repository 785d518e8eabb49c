/** The error of an item that fails without a failed system call. */
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

/** An item cannot be applied to a path, although no system call failed. */
export class ItemError extends Error {
  override readonly name = "ItemError";
  readonly code: ItemErrorCode;

  constructor(code: ItemErrorCode, path: Bytes, message: string) {
    super(`${escapeForDisplay(path)}: ${message}`);
    this.code = code;
  }
}
