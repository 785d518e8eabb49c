/** What `mayfly top` shows: a directory, the order of its entries, and the one that is selected. */
import { type Bytes, escapeForDisplay, join } from "../../base/bytes.js";
import type { Nanoseconds } from "../../base/time.js";
import type { Node, ReportData } from "../../report/index.js";

export type TopOrder = "size" | "entries" | "age" | "owner" | "days left";

/** A directory that is shown, with the way back. */
interface Shown {
  readonly path: Bytes;
  readonly node: Node;
  /** Which of its entries is selected. */
  selected: number;
}

/** Surveys a directory that the last survey was too coarse for. */
type Survey = (path: Bytes) => Node | undefined;

export class TopModel {
  readonly report: ReportData;
  order: TopOrder = "size";
  readonly #survey: Survey;
  readonly #trail: Shown[];

  constructor(report: ReportData, survey: Survey) {
    this.report = report;
    this.#survey = survey;
    const [first] = report.roots;
    if (first === undefined)
      throw new Error("there is nothing to show: no line of the configuration cleans anything");
    this.#trail = [
      report.roots.length === 1
        ? { path: first.name, node: first, selected: 0 }
        : { path: "" as Bytes, node: allOf(report, first), selected: 0 },
    ];
  }

  get directory(): Shown {
    return this.#trail.at(-1) as Shown;
  }

  get entries(): readonly Node[] {
    return [...this.directory.node.children].sort(ORDERS[this.order]);
  }

  get selected(): Node | undefined {
    return this.entries[this.directory.selected];
  }

  get selectedPath(): Bytes | undefined {
    const { selected, directory } = this;
    if (selected === undefined) return undefined;
    return directory.path === "" ? selected.name : join(directory.path, selected.name);
  }

  ownerOf({ uid }: Node): string {
    const owner = this.report.owners.find((each) => each.uid === uid);
    return owner === undefined ? `${uid}` : escapeForDisplay(owner.name);
  }

  move(by: number): void {
    const { directory } = this;
    const last = directory.node.children.length - 1;
    directory.selected = Math.max(0, Math.min(last, directory.selected + by));
  }

  sort(order: TopOrder): void {
    this.order = order;
    this.directory.selected = 0;
  }

  /** Enters the selected directory. What is in it is surveyed again if parts of it have no names yet. */
  open(): void {
    const { selected, selectedPath: path } = this;
    if (selected?.kind !== "directory" || path === undefined) return;
    const named = selected.children.reduce((sum, { sums }) => sum + sums.total.entries, 1);
    const node = named < selected.sums.total.entries ? (this.#survey(path) ?? selected) : selected;
    this.#trail.push({ path, node, selected: 0 });
  }

  leave(): void {
    if (this.#trail.length > 1) this.#trail.pop();
  }
}

/** Several paths together. */
function allOf({ sums, roots }: ReportData, like: Node): Node {
  return { ...like, name: "" as Bytes, sums, children: roots };
}

const bySize = (a: Node, b: Node): number => b.sums.total.bytes - a.sums.total.bytes;

/** What is undefined comes last. */
function byTime(time: (node: Node) => Nanoseconds | undefined): (a: Node, b: Node) => number {
  return (a, b) => {
    const [left, right] = [time(a), time(b)];
    if (left === right) return bySize(a, b);
    if (left === undefined) return 1;
    return right === undefined || left < right ? -1 : 1;
  };
}

const ORDERS: Readonly<Record<TopOrder, (a: Node, b: Node) => number>> = {
  size: bySize,
  entries: (a, b) => b.sums.total.entries - a.sums.total.entries || bySize(a, b),
  age: byTime(({ time }) => time),
  owner: (a, b) => a.uid - b.uid || bySize(a, b),
  "days left": byTime(({ expires }) => expires),
};
