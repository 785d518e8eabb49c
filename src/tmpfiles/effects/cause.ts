/** The line that causes an action, for reports and errors. */
import type { Source } from "../../base/events.js";
import type { Modifiers } from "../syntax/modifiers.js";

export interface Cause {
  readonly source: Source;
  readonly modifiers: Modifiers;
}
