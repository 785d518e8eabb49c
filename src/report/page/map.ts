/** The treemap of one directory: a button for each entry, with a glimpse of what is in it. */
import { type HierarchyRectangularNode, hierarchy, treemap } from "d3-hierarchy";
import type { Measure, PageNode, TreePosition } from "./data.js";
import { make, nameElement } from "./dom.js";

/** Smaller entries are only in the table. */
const LEAST_PIXELS = 6;
const TITLE_PIXELS = 20;

export interface MapOptions {
  readonly measure: Measure;
  /** The class that colours a node, and the word that goes with it. */
  paint(node: PageNode): { readonly className: string; readonly word: string };
  shown(node: PageNode): string;
  sizeText(node: PageNode): string;
  select(place: TreePosition): void;
  open(place: TreePosition): void;
}

type Rectangle = HierarchyRectangularNode<PageNode>;

/** Draws the entries of the place into the element; returns how many are too small to be seen. */
export function drawMap(element: HTMLElement, place: TreePosition, options: MapOptions): number {
  const { clientWidth: width } = element;
  const height = Math.max(240, Math.min(560, Math.round(width * 0.55)));
  element.style.height = `${height}px`;
  const top = { ...place.node, children: place.node.children ?? [] };
  const root = hierarchy<PageNode>(top, (node) => (isAtMostOneBelow(node, top) ? node.children : undefined));
  root.sum(() => 0);
  root.eachAfter((each) => {
    const own = each.data[options.measure];
    (each as { value?: number }).value = own;
  });
  root.sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const layout = treemap<PageNode>()
    .size([width, height])
    .paddingInner(2)
    .paddingTop((node) => (node.depth === 1 ? TITLE_PIXELS : 0))
    .round(true);
  const laid = layout(root);
  const boxes = (laid.children ?? []).filter((box) => isVisible(box));
  element.replaceChildren(...boxes.map((box, index) => button(box, index === 0, place, options)));
  return (laid.children ?? []).length - boxes.length;
}

function isAtMostOneBelow(node: PageNode, top: PageNode): boolean {
  return node === top || (top.children ?? []).includes(node);
}

function isVisible({ x0, x1, y0, y1 }: Rectangle): boolean {
  return x1 - x0 >= LEAST_PIXELS && y1 - y0 >= LEAST_PIXELS;
}

function button(box: Rectangle, isFirst: boolean, above: TreePosition, options: MapOptions): HTMLElement {
  const node = box.data;
  const { className, word } = options.paint(node);
  const name = options.shown(node);
  const size = options.sizeText(node);
  const isOpen = (node.children ?? []).length > 0;
  const element = make(
    "button",
    {
      type: "button",
      class: `box ${className}`,
      tabindex: isFirst ? "0" : "-1",
      "aria-label": `${name}, ${size}, ${word}${isOpen ? ", directory, Enter opens it" : ""}`,
    },
    make("span", { class: "title", "aria-hidden": "true" }, nameElement(name), ` ${size} · ${word}`),
  );
  place(element, box, { x0: 0, y0: 0 });
  for (const inner of box.children ?? []) {
    if (!isVisible(inner)) continue;
    const glimpse = make("span", {
      class: `inner ${options.paint(inner.data).className}`,
      "aria-hidden": "true",
    });
    place(glimpse, inner, box);
    element.append(glimpse);
  }
  const here = { node, above };
  element.addEventListener("focus", () => options.select(here));
  element.addEventListener("click", () => (isOpen ? options.open(here) : options.select(here)));
  return element;
}

function place(element: HTMLElement, box: Rectangle, origin: { x0: number; y0: number }): void {
  element.style.left = `${box.x0 - origin.x0}px`;
  element.style.top = `${box.y0 - origin.y0}px`;
  element.style.width = `${box.x1 - box.x0}px`;
  element.style.height = `${box.y1 - box.y0}px`;
}

const DIRECTIONS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The box to which an arrow key leads: the nearest in its direction. */
export function neighbour(
  from: HTMLElement,
  key: string,
  boxes: readonly HTMLElement[],
): HTMLElement | undefined {
  const direction = DIRECTIONS[key];
  if (direction === undefined) return undefined;
  const [x, y] = direction;
  const centre = (element: HTMLElement): readonly [number, number] => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  const [fromX, fromY] = centre(from);
  const ranked = boxes.flatMap((element) => {
    const [toX, toY] = centre(element);
    const along = (toX - fromX) * x + (toY - fromY) * y;
    const across = Math.abs((toX - fromX) * y) + Math.abs((toY - fromY) * x);
    return element !== from && along > 1 ? [{ element, distance: along + 2 * across }] : [];
  });
  const nearest = ranked.sort((a, b) => a.distance - b.distance)[0]?.element;
  if (nearest !== undefined) return nearest;
  // At the edge: the next in the order of size, so that every box can be reached.
  const step = x + y;
  return boxes[boxes.indexOf(from) + step];
}
