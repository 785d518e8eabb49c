import { type Command, type Figures, measure, medians, pairedRatio, peakMb, type Sample } from "./measure.js";

/** The limit of each ratio to the peer; undefined if it is only reported. */
export interface Targets {
  readonly wall?: number;
  readonly cpu?: number;
  readonly peakMb?: number;
}

export interface Scenario {
  readonly name: string;
  readonly ours: Command;
  /** The program to compare with; undefined to measure only Mayfly. */
  readonly peer?: Command;
  readonly baseline?: Command | undefined;
  readonly targets: Targets;
  readonly rounds: number;
  /** Before each run, including the warm-up: builds the files that the run removes. */
  readonly prepare?: () => void;
  /** After each run: throws if the run did not do the work. */
  readonly verify?: () => void;
}

export interface Row {
  readonly name: string;
  readonly ours: Figures;
  readonly peakMb: number;
  readonly peer?: Figures;
  readonly baseline?: Figures;
  readonly wallRatio?: number;
  readonly cpuRatio?: number;
  readonly targets: Targets;
  readonly met: boolean;
}

/** Runs the commands in turn: a warm-up, in which memory is measured, and then `rounds` that count. */
export async function compare(scenario: Scenario): Promise<Row> {
  const commands = [scenario.ours, scenario.peer, scenario.baseline].filter(
    (command) => command !== undefined,
  );
  const samples = new Map<Command, Sample[]>(commands.map((command) => [command, []]));
  let peak = 0;
  for (const command of commands) {
    scenario.prepare?.();
    const mb = await peakMb(command);
    if (command === scenario.ours) peak = mb;
  }
  for (let round = 0; round < scenario.rounds; round++) {
    for (const command of commands) {
      scenario.prepare?.();
      const sample = await measure(command);
      if (sample.exitStatus !== 0)
        throw new Error(`${scenario.name}: ${command.name} ended with ${sample.exitStatus}`);
      if (command !== scenario.baseline) scenario.verify?.();
      samples.get(command)?.push(sample);
    }
  }
  return rowOf(scenario, samples, peak);
}

function rowOf(scenario: Scenario, samples: ReadonlyMap<Command, readonly Sample[]>, peak: number): Row {
  const of = (command: Command | undefined): readonly Sample[] => (command && samples.get(command)) ?? [];
  const ours = of(scenario.ours);
  const { peer, baseline, targets } = scenario;
  const ratios = peer && {
    peer: medians(of(peer)),
    wallRatio: pairedRatio(ours, of(peer), "wallMs"),
    cpuRatio: pairedRatio(ours, of(peer), "cpuMs"),
  };
  const row = {
    name: scenario.name,
    ours: medians(ours),
    peakMb: peak,
    targets,
    ...ratios,
    ...(baseline && { baseline: medians(of(baseline)) }),
  };
  const within = (value: number | undefined, bound: number | undefined): boolean =>
    bound === undefined || (value !== undefined && value <= bound);
  const met =
    within(ratios?.wallRatio, targets.wall) &&
    within(ratios?.cpuRatio, targets.cpu) &&
    within(peak, targets.peakMb);
  return { ...row, met };
}

const COLUMNS = ["scenario", "ours", "peer", "baseline", "wall", "CPU", "peak MB", "target", ""] as const;

export function table(rows: readonly Row[]): string {
  const cells = [[...COLUMNS], ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? "").length)));
  const lines = cells.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`);
  lines.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return lines.join("\n");
}

function cellsOf(row: Row): string[] {
  const seconds = (figures: Figures | undefined): string =>
    figures === undefined ? "" : `${(figures.wallMs / 1000).toFixed(3)} s`;
  const ratio = (value: number | undefined): string => value?.toFixed(2) ?? "";
  const { wall, cpu, peakMb } = row.targets;
  const targets = [
    wall === undefined ? "" : `wall <= ${wall}`,
    cpu === undefined ? "" : `CPU <= ${cpu}`,
    peakMb === undefined ? "" : `peak <= ${peakMb} MB`,
  ];
  return [
    row.name,
    seconds(row.ours),
    seconds(row.peer),
    seconds(row.baseline),
    ratio(row.wallRatio),
    ratio(row.cpuRatio),
    row.peakMb.toFixed(0),
    targets.filter((text) => text !== "").join(", "),
    row.met ? "met" : "NOT MET",
  ];
}
