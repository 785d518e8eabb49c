/** The public interface of this module. */
export type { ReportData } from "./data.js";
export { reportHtml } from "./html.js";
export { reportJson } from "./json.js";
export type { Node } from "./node.js";
export { reportOfAll } from "./promised.js";
export { type ReportOptions, reportSync } from "./report.js";
export { identityOf, visibleTo, visibleToAll } from "./visible.js";
