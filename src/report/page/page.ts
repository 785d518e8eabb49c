/** The report as a page: state, keys, and what is drawn when something changes. */
import type { Measure, PageData, PageNode, TreePosition } from "./data.js";
import { detailsOf } from "./details.js";
import { byId, make, nameElement, tableElement } from "./dom.js";
import { drawMap, neighbour } from "./map.js";
import { bytesOf, joinedBytes, shownBytes } from "./names.js";
import { daysTable, drawPlot } from "./plot.js";
import { keptTable, largestTable, linesTable, ownersTable } from "./tables.js";
import {
  bytesText,
  countText,
  daysLeftStep,
  lineText,
  ownerText,
  STEPS,
  timeText,
  whenText,
} from "./words.js";

type Colouring = "days" | "owner" | "line";

const COLOURS = 8;

class Page {
  #data: PageData;
  #measure: Measure = "bytes";
  #colouring: Colouring = "days";
  #place: TreePosition;

  constructor(data: PageData) {
    this.#data = data;
    this.#place = top(data);
    for (const name of ["measure", "colouring"] as const) {
      byId(name).addEventListener("change", (event) =>
        this.#choose(name, (event.target as HTMLInputElement).value),
      );
    }
    byId("map").addEventListener("keydown", (event) => this.#key(event));
    const again = byId("reload");
    again.hidden = !location.protocol.startsWith("http");
    again.addEventListener("click", () => void this.#reload());
    let width = 0;
    new ResizeObserver(([entry]) => {
      const now = entry?.contentRect.width ?? 0;
      if (now === width) return;
      width = now;
      this.#drawSized();
    }).observe(byId("frame"));
    this.#draw();
  }

  #choose(name: "measure" | "colouring", value: string): void {
    if (name === "measure") this.#measure = value as Measure;
    else this.#colouring = value as Colouring;
    this.#draw();
  }

  async #reload(): Promise<void> {
    const answer = await fetch("/report.json");
    if (!answer.ok) return;
    this.#data = (await answer.json()) as PageData;
    this.#place = top(this.#data);
    this.#draw();
  }

  #draw(): void {
    const data = this.#data;
    byId("titles").replaceChildren(...data.roots.map((root) => nameElement(shownBytes(nameBytes(root)))));
    byId("summary").replaceChildren(summary(data));
    byId("owners").replaceChildren(ownersTable(data));
    byId("lines").replaceChildren(linesTable(data));
    byId("largest").replaceChildren(largestTable(data, (node, path) => this.#details(node, path)));
    byId("kept").replaceChildren(keptTable(data));
    byId("days").replaceChildren(daysTable(data));
    this.#drawPlace(false);
  }

  #drawPlace(focuses: boolean): void {
    this.#drawTrail();
    this.#drawSized();
    this.#drawEntries();
    this.#drawLegend();
    this.#select(this.#place);
    if (focuses) byId("map").querySelector<HTMLElement>(".box")?.focus();
  }

  /** What depends on the width. */
  #drawSized(): void {
    drawPlot(byId("plot"), this.#data, this.#measure);
    const small = drawMap(byId("map"), this.#place, {
      measure: this.#measure,
      paint: (node) => this.#paint(node),
      shown: (node) => shownBytes(nameBytes(node)),
      sizeText: (node) => this.#sizeText(node),
      select: (place) => this.#select(place),
      open: (place) => this.#open(place),
    });
    byId("small").textContent =
      small === 0 ? "" : `${countText(small)} more are too small for the map; the table has them.`;
  }

  #drawTrail(): void {
    const items = trailOf(this.#place).map((place, index, all) => {
      const shown = place.node.name === "" ? "All" : shownBytes(nameBytes(place.node));
      const isHere = index === all.length - 1;
      const link = make(
        "button",
        { type: "button", class: "link", ...(isHere && { "aria-current": "page" }) },
        nameElement(shown),
      );
      link.addEventListener("click", () => this.#open(place));
      return make("li", {}, link);
    });
    byId("trail").replaceChildren(...items);
  }

  #drawEntries(): void {
    const { node } = this.#place;
    const children = node.children ?? [];
    const rows = children.map((child) => this.#entryRow({ node: child, above: this.#place }));
    const named = (key: Measure): number => children.reduce((sum, child) => sum + child[key], 0);
    const rest = { entries: node.entries - named("entries"), bytes: node.bytes - named("bytes") };
    if (rest.entries > 0)
      rows.push([
        "the directory itself, and what is too small to be named",
        bytesText(rest.bytes),
        countText(rest.entries),
        "",
        "",
        "",
      ]);
    const columns = [
      { title: "Name" },
      { title: "Bytes", isNumber: true },
      { title: "Entries", isNumber: true },
      { title: "Goes first" },
      { title: "Owner" },
      { title: "Line" },
    ];
    byId("entries").replaceChildren(tableElement("The figures of the map", columns, rows));
  }

  #entryRow(place: TreePosition): (Node | string)[] {
    const { node } = place;
    const data = this.#data;
    const name = make("button", { type: "button", class: "link" }, nameElement(shownBytes(nameBytes(node))));
    name.addEventListener("click", () =>
      node.children === undefined ? this.#select(place) : this.#open(place),
    );
    return [
      name,
      bytesText(node.bytes),
      countText(node.entries),
      whenText(node, data.from),
      nameElement(ownerText(data, node.uid)),
      nameElement(lineText(data, node.line)),
    ];
  }

  #drawLegend(): void {
    const entries = this.#legend().map(({ className, text }) =>
      make(
        "li",
        {},
        make("span", { class: `inner-key ${className}`, "aria-hidden": "true" }),
        nameElement(text),
      ),
    );
    byId("legend").replaceChildren(...entries);
  }

  #legend(): { readonly className: string; readonly text: string }[] {
    if (this.#colouring === "days") return STEPS.map(({ name, text }) => ({ className: name, text }));
    const { owners, lines } = this.#data;
    const texts =
      this.#colouring === "owner"
        ? owners.map(({ name }) => name)
        : lines.map((_, index) => lineText(this.#data, index));
    return texts.slice(0, COLOURS).map((text, index) => {
      const isRest = index === COLOURS - 1 && texts.length > COLOURS;
      return { className: `c${index}`, text: isRest ? "all others" : text };
    });
  }

  #paint(node: PageNode): { readonly className: string; readonly word: string } {
    const data = this.#data;
    const colour = (index: number): string => `c${Math.min(index < 0 ? COLOURS : index, COLOURS - 1)}`;
    if (this.#colouring === "owner") {
      const uid = node.mainUid ?? node.uid;
      return {
        className: colour(data.owners.findIndex((owner) => owner.uid === uid)),
        word: ownerText(data, uid),
      };
    }
    if (this.#colouring === "line") return { className: colour(node.line), word: lineText(data, node.line) };
    return {
      className: STEPS[daysLeftStep(node, data.from)]?.name ?? "never",
      word: whenText(node, data.from),
    };
  }

  #sizeText(node: PageNode): string {
    return this.#measure === "bytes" ? bytesText(node.bytes) : `${countText(node.entries)} entries`;
  }

  #select(place: TreePosition): void {
    this.#details(place.node, pathOf(place));
  }

  #details(node: PageNode, path: Uint8Array): void {
    if (node.name === "" && path.length === 0)
      byId("details").replaceChildren("Select an entry of the map or of a table.");
    else byId("details").replaceChildren(...detailsOf(this.#data, node, path));
  }

  #open(place: TreePosition): void {
    this.#place = place;
    this.#drawPlace(true);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const boxes = [...byId("map").querySelectorAll<HTMLElement>(".box")];
    const current = document.activeElement as HTMLElement;
    if (event.key === "Escape" || event.key === "Backspace") {
      const { above } = this.#place;
      if (above === undefined) return;
      event.preventDefault();
      this.#open(above);
      return;
    }
    const target =
      event.key === "Home"
        ? boxes[0]
        : event.key === "End"
          ? boxes.at(-1)
          : neighbour(current, event.key, boxes);
    if (target === undefined) return;
    event.preventDefault();
    for (const box of boxes) box.tabIndex = box === target ? 0 : -1;
    target.focus();
  }
}

/** The only path of the report, or all of them together. */
function top(data: PageData): TreePosition {
  const [first] = data.roots;
  if (first !== undefined && data.roots.length === 1) return { node: first, above: undefined };
  const { entries, bytes, roots } = data;
  return {
    node: { name: "", kind: "directory", uid: -1, line: -1, entries, bytes, children: roots },
    above: undefined,
  };
}

function nameBytes({ name, nameBase64 }: PageNode): Uint8Array {
  return bytesOf(name, nameBase64);
}

function pathOf({ node, above }: TreePosition): Uint8Array {
  const own = nameBytes(node);
  return above === undefined || above.node.name === "" ? own : joinedBytes(pathOf(above), own);
}

function trailOf(place: TreePosition): TreePosition[] {
  return place.above === undefined ? [place] : [...trailOf(place.above), place];
}

function summary(data: PageData): HTMLElement {
  const { entries, bytes, goes, kept, from, until, timer } = data;
  const part = (sum: { entries: number; bytes: number } | undefined): string =>
    `${bytesText(sum?.bytes ?? 0)} in ${countText(sum?.entries ?? 0)} entries`;
  return make(
    "div",
    {},
    make(
      "p",
      {},
      `${part({ entries, bytes })}. Until ${timeText(until)} UTC, ${part(goes)} go if nothing is used. ${part(kept)} are kept whatever their age.`,
    ),
    make(
      "p",
      { class: "quiet" },
      `As of ${timeText(from)} UTC; ${timer === null ? "one run per day is assumed" : `runs according to ${timer}`}.`,
    ),
  );
}

new Page(JSON.parse(byId("data").textContent ?? "") as PageData);
document.body.dataset.ready = "true";
