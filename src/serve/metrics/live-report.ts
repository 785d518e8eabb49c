/** The report of `mayfly serve`: made when somebody asks, at most once a minute, and shown with the names that the asker may see. */
import {
  type ReportData,
  type ReportOptions,
  reportHtml,
  reportJson,
  reportOfAll,
  visibleTo,
  visibleToAll,
} from "../../report/index.js";

/** Making it anew at each request would let anybody keep the disk busy. */
const KEPT_MS = 60_000;

/** Who asks: a process on the Unix socket, or anybody. */
export type Viewer = { readonly uid: number; readonly gid: number } | undefined;

export interface LiveReportOptions {
  /** The configuration; read again for each report. */
  readonly report: ReportOptions;
  /** What earlier runs removed. */
  past(): ReportData["past"];
}

export class LiveReport implements Disposable {
  readonly #options: LiveReportOptions;
  readonly #ended = new AbortController();
  #current: Promise<ReportData> | undefined;
  #madeAt = 0;

  constructor(options: LiveReportOptions) {
    this.#options = options;
  }

  async page(viewer: Viewer): Promise<string> {
    return reportHtml(await this.#for(viewer), { isServed: true });
  }

  async json(viewer: Viewer): Promise<string> {
    return reportJson(await this.#for(viewer));
  }

  async #for(viewer: Viewer): Promise<ReportData> {
    return seenBy(viewer, { ...(await this.#report()), past: this.#options.past() });
  }

  /** Requests that come while one is made wait for it. */
  #report(): Promise<ReportData> {
    if (this.#current !== undefined && performance.now() - this.#madeAt < KEPT_MS) return this.#current;
    this.#madeAt = Number.POSITIVE_INFINITY;
    const made = reportOfAll(this.#options.report, this.#ended.signal);
    this.#current = made;
    const settled = (): void => {
      this.#madeAt = performance.now();
    };
    made.then(settled, () => {
      this.#current = undefined;
    });
    return made;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

/** Who runs the service, and root, see what it sees. Without root, it cannot check what another user may see. */
function seenBy(viewer: Viewer, report: ReportData): ReportData {
  const own = process.geteuid?.();
  if (viewer === undefined || (own !== 0 && viewer.uid !== own && viewer.uid !== 0))
    return visibleToAll(report);
  if (viewer.uid === own || viewer.uid === 0) return report;
  // Without the user's other groups: the process may have dropped them.
  return visibleTo({ ...viewer, groups: [] }, report);
}
