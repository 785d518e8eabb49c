/** docs/metrics.md, the alerting rules and the dashboard agree with the metrics that exist. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { METRICS, type MetricDefinition } from "#src/serve/metrics/definitions.js";
import { mayfly, ROOT, Scratch } from "../e2e/program.js";
import { needsPrograms } from "../requirements.js";

const definitions: Readonly<Record<string, MetricDefinition>> = METRICS;
const RULES = "contrib/prometheus/mayfly.rules.yml";
/** Labels that Prometheus adds to what it scrapes. */
const TARGET = ["instance"];

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

test("the page lists each metric with its type, labels and meaning", () => {
  const rows = [...read("docs/metrics.md").matchAll(/^\| `(mayfly_\w+)` \| (\w+) \| (.+) \| (.+) \|$/gm)];
  const listed = rows.map(([, name = "", type, labels = "", help]) => [
    name,
    { type, help: `${help}.`, labelNames: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label) },
  ]);
  assert.deepEqual(Object.fromEntries(listed), METRICS);
});

/** Fails if an expression names a metric that does not exist, or a label that it does not have. */
function requireKnown(expression: string): void {
  const names = expression.match(/mayfly_\w+/g) ?? [];
  assert.ok(names.length > 0, expression);
  for (const name of names) assert.ok(Object.hasOwn(definitions, name), `${name} in ${expression}`);
  const labels = [...TARGET, ...names.flatMap((name) => definitions[name]?.labelNames ?? [])];
  const inBraces = [...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, text = ""]) => text.split(/, */));
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, text = ""]) => text.split(/, */));
  for (const label of [...inBraces.map((each) => each.split(/[=!~]/)[0]), ...grouped])
    assert.ok(labels.includes(label ?? ""), `${label} in ${expression}`);
}

test("the command of the page writes the file", () => {
  using scratch = new Scratch();
  const [, command = ""] = /^```sh\nmayfly (.* --metrics-file .*)$/m.exec(read("docs/metrics.md")) ?? [];
  const file = join(scratch.path, "mayfly.prom");
  const args = command.split(" ").map((word) => (word.endsWith(".prom") ? file : word));
  const { status, stderr } = mayfly([...args, "--inline", `e ${scratch.path} - - - 1d`]);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.ok(existsSync(file));
});

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

test("the dashboard is valid JSON, and its queries name only metrics and labels that exist", () => {
  const dashboard = JSON.parse(read("contrib/grafana/mayfly.json"));
  const panels: { title: string; targets: Target[] }[] = dashboard.panels;
  assert.ok(panels.length >= 8);
  for (const { expr, legendFormat } of panels.flatMap(({ targets }) => targets)) {
    requireKnown(expr);
    const metric = definitions[/mayfly_\w+/.exec(expr)?.[0] ?? ""];
    for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      assert.ok([...TARGET, ...(metric?.labelNames ?? [])].includes(label), `${label} in ${legendFormat}`);
  }
  for (const { query } of dashboard.templating.list)
    if (typeof query === "object") requireKnown(query.query.replace(/, \w+/, ""));
  const names = new Set(read("contrib/grafana/mayfly.json").match(/mayfly_[a-z_]+/g));
  const shown = Object.keys(METRICS).filter((name) => names.has(name));
  assert.ok(shown.length >= 12, "the dashboard shows few of the metrics");
});

test("the alerting rules name only metrics and labels that exist", () => {
  const expressions = [...read(RULES).matchAll(/^ +expr: (.+)$/gm)].map(([, text = ""]) => text);
  assert.ok(expressions.length >= 4);
  for (const expression of expressions) requireKnown(expression);
});

test("promtool accepts the alerting rules", { skip: needsPrograms("promtool") }, () => {
  const { status, stderr } = spawnSync("promtool", ["check", "rules", join(ROOT, RULES)], {
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [0, ""]);
});

/** Each alert fires for what it is for, and not before: promtool evaluates the rules over series of samples. */
test("the alerts fire when they should", { skip: needsPrograms("promtool") }, () => {
  const labels = (more: string): string => `{instance="h",${more}}`;
  const success = `mayfly_last_success_timestamp_seconds${labels('operation="clean"')}`;
  const series = (name: string, values: string) => ({ series: name, values });
  const alert = (alertname: string, at: string, count: number) => ({ alertname, at, count });
  const checks = [alert("MayflyNotCleaning", "2d", 0), alert("MayflyNotCleaning", "3d", 1)];
  const failing = [alert("MayflyRunFailed", "5m", 0), alert("MayflyRunFailed", "1d", 1)];
  const full = [alert("MayflyFileSystemAlmostFull", "1d", 1), alert("MayflyFileSystemOutOfInodes", "1d", 0)];
  const input = [
    series(success, "0x5000"),
    series(`mayfly_last_run_exit_status${labels('operation="clean"')}`, "73x5000"),
    series(`mayfly_filesystem_avail_bytes${labels('mountpoint="/tmp"')}`, "4x5000"),
    series(`mayfly_filesystem_size_bytes${labels('mountpoint="/tmp"')}`, "100x5000"),
    series(`mayfly_filesystem_inodes_free${labels('mountpoint="/tmp"')}`, "0x5000"),
    series(`mayfly_filesystem_inodes${labels('mountpoint="/tmp"')}`, "0x5000"),
  ];
  const expressions = [...checks, ...failing, ...full].map(({ alertname, at, count }) => ({
    expr: `count(ALERTS{alertname="${alertname}", alertstate="firing"}) or vector(0)`,
    eval_time: at,
    exp_samples: [{ labels: "{}", value: count }],
  }));
  const unit = {
    rule_files: [join(ROOT, RULES)],
    evaluation_interval: "1m",
    tests: [{ interval: "1m", input_series: input, promql_expr_test: expressions }],
  };
  using scratch = new Scratch();
  const file = join(scratch.path, "tests.yml");
  writeFileSync(file, JSON.stringify(unit));
  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});
