/** The public interface of this module. */
export type { ReportData } from "./data.js";
export { reportHtml } from "./html.js";
export { reportObject } from "./json.js";
export { reportSync } from "./report.js";
export { identityOf, visibleTo } from "./visible.js";
