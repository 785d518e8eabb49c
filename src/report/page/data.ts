/** The data of the page: the object that `mayfly report --json` prints. */

interface PageSum {
  readonly entries: number;
  readonly bytes: number;
}

export interface PageSums extends PageSum {
  readonly goes?: PageSum;
  readonly kept?: PageSum;
}

export interface PageNode extends PageSums {
  readonly name: string;
  readonly nameBase64?: string;
  readonly kind: "directory" | "file" | "symlink" | "other";
  readonly uid: number;
  /** Bytes by the steps of days left. */
  readonly daysLeft?: readonly number[];
  readonly line: number;
  readonly code?: string;
  readonly detail?: string;
  readonly at?: string;
  readonly timestamp?: string;
  readonly time?: string;
  readonly expires?: string;
  readonly firstRun?: string;
  readonly mainUid?: number;
  readonly children?: readonly PageNode[];
}

interface PageLine extends PageSums {
  readonly source: { readonly file: string; readonly line: number; readonly text: string } | null;
}

interface PageRun extends PageSum {
  readonly run: string;
}

export interface PageData extends PageSums {
  readonly from: string;
  readonly until: string;
  readonly timer: string | null;
  readonly runs: readonly PageRun[];
  readonly past: readonly PageRun[];
  readonly owners: readonly (PageSums & { readonly uid: number; readonly name: string })[];
  readonly lines: readonly PageLine[];
  readonly reasons: readonly (PageSum & {
    readonly code: string;
    readonly line: number;
    readonly largest?: string;
    readonly largestBase64?: string;
  })[];
  readonly largest: readonly (PageNode & { readonly path: string; readonly pathBase64?: string })[];
  readonly roots: readonly PageNode[];
}

/** A node in its place. */
export interface TreePosition {
  readonly node: PageNode;
  readonly above: TreePosition | undefined;
}

export type Measure = "bytes" | "entries";
