/** The plot of what goes, and has gone, by day. */
import uPlot from "uplot";
import type { Measure, PageData } from "./data.js";
import { make, tableElement } from "./dom.js";
import { bytesText, countText, dayText } from "./words.js";

interface DayTotal {
  readonly day: string;
  readonly isPast: boolean;
  entries: number;
  bytes: number;
}

/** The runs of a day together, in UTC. */
function daysOf({ past, runs }: Pick<PageData, "past" | "runs">): DayTotal[] {
  const days = new Map<string, DayTotal>();
  for (const [list, isPast] of [
    [past, true],
    [runs, false],
  ] as const) {
    for (const { run, entries, bytes } of list) {
      const key = `${dayText(run)}${isPast}`;
      const day = days.get(key) ?? { day: dayText(run), isPast, entries: 0, bytes: 0 };
      day.entries += entries;
      day.bytes += bytes;
      days.set(key, day);
    }
  }
  return [...days.values()];
}

const HEIGHT = 220;

export function drawPlot(element: HTMLElement, data: PageData, measure: Measure): void {
  const days = daysOf(data);
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string): string => styles.getPropertyValue(name).trim();
  const bars = uPlot.paths.bars?.({ size: [0.8, 60] });
  const text = measure === "bytes" ? bytesText : countText;
  const axis = {
    stroke: colour("--text"),
    grid: { stroke: colour("--line") },
    ticks: { stroke: colour("--line") },
  };
  const series = (label: string, stroke: string, dash?: number[]): uPlot.Series => ({
    label,
    stroke: colour(stroke),
    fill: `${colour(stroke)}80`,
    width: 2,
    ...(dash !== undefined && { dash }),
    ...(bars !== undefined && { paths: bars }),
    points: { show: false },
    value: (_, value) => (value === null ? "–" : text(value)),
  });
  const x = days.map(({ day }) => Date.parse(day) / 1000);
  const of = (isPast: boolean) => days.map((day) => (day.isPast === isPast ? day[measure] : null));
  element.replaceChildren();
  new uPlot(
    {
      width: Math.max(280, element.clientWidth),
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { drag: { x: false, y: false } },
      series: [
        {
          label: "Day",
          value: (_, value) => (value === null ? "–" : new Date(value * 1000).toISOString().slice(0, 10)),
        },
        series("Has gone", "--past", [4, 4]),
        series("Goes", "--accent"),
      ],
      scales: { y: { range: (_, __, most) => [0, Math.max(most, 1)] } },
      axes: [
        {
          ...axis,
          values: (_, splits) => splits.map((each) => new Date(each * 1000).toISOString().slice(5, 10)),
        },
        { ...axis, size: 80, values: (_, splits) => splits.map(text) },
      ],
    },
    [x, of(true), of(false)],
    element,
  );
}

export function daysTable(data: PageData): HTMLElement {
  const columns = [
    { title: "Day (UTC)" },
    { title: "" },
    { title: "Entries", isNumber: true },
    { title: "Bytes", isNumber: true },
  ];
  const rows = daysOf(data).map(({ day, isPast, entries, bytes }) => [
    day,
    isPast ? "has gone" : "goes",
    countText(entries),
    bytesText(bytes),
  ]);
  columns[1] = { title: "When" };
  return make("div", {}, tableElement("Removals per day", columns, rows));
}
