/** The public interface of this module. */
export { reportHtml } from "./html.js";
export { reportObject } from "./json.js";
export { reportSync } from "./report.js";
