/** Why something is done: the line that asked for it, as reports and failures name it. */
import type { Source } from "../../base/events.js";
import type { Modifiers } from "../syntax/modifiers.js";

export interface Cause {
  readonly source: Source;
  readonly modifiers: Modifiers;
}
