/** Makes elements. All text goes in as text, so that no name is ever read as markup. */

type Child = Node | string;
interface Attributes {
  readonly [name: string]: string | boolean | undefined;
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element ${id}`);
  return element;
}

/** A name or path, which may be written from right to left: it does not disturb what is around it. */
export function nameElement(shown: string): HTMLElement {
  return make("bdi", { class: "name", dir: "ltr", translate: "no" }, shown);
}

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** A table, in a region that scrolls on narrow screens. */
export function tableElement(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
): HTMLElement {
  const cell = (tag: "th" | "td", index: number, child: Child): HTMLElement => {
    const attributes = { ...(columns[index]?.isNumber && { class: "number" }) };
    return make(tag, tag === "th" ? { ...attributes, scope: "col" } : attributes, child);
  };
  const head = make("tr", {}, ...columns.map(({ title }, index) => cell("th", index, title)));
  const body = rows.map((row) => make("tr", {}, ...row.map((child, index) => cell("td", index, child))));
  const table = make(
    "table",
    {},
    make("caption", {}, caption),
    make("thead", {}, head),
    make("tbody", {}, ...body),
  );
  return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption }, table);
}
