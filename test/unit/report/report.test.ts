/** Compares reports of random trees with independent counts, with explain, and with the runs that they announce. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes, toText } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { DAY, fixedClock } from "#src/base/time.js";
import { explainSync } from "#src/inspect/index.js";
import type { ReportData } from "#src/report/data.js";
import { reportJson, reportSync } from "#src/report/index.js";
import type { Node } from "#src/report/node.js";
import { runSync } from "#src/tmpfiles/index.js";
import { scratch } from "../../scratch.js";

const CASES = Number(process.env.CASES ?? 2);
const isRoot = process.getuid?.() === 0;

/** A small generator, so that a seed repeats a case. */
function generator(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor(((state >> 8) / 2 ** 23) * below);
  };
}

interface Case {
  readonly top: string;
  readonly config: string;
  readonly at: bigint;
}

/** A tree whose times lie in the last 20 days, and a configuration with lines for parts of it. */
function randomCase(place: string, seed: number, lines: (top: string) => readonly string[]): Case {
  const random = generator(seed);
  const top = join(place, "top");
  const at = BigInt(Date.now()) * 1_000_000n;
  const dated: string[] = [];
  const fill = (directory: string, depth: number): void => {
    mkdirSync(directory);
    for (let index = random(6); index >= 0; index--) {
      const path = join(directory, `n${index}`);
      const kind = random(depth < 3 ? 11 : 7);
      if (kind >= 7) fill(path, depth + 1);
      else if (kind === 6) symlinkSync("target", path);
      else writeFileSync(path, "x".repeat(random(3) === 0 ? random(60_000) : random(9)));
      if (kind === 0) linkSync(path, `${path}-linked`);
      if (kind === 1 && random(3) === 0) chmodSync(path, 0o1644);
      if (isRoot && kind !== 6 && random(3) === 0) chownSync(path, 1000 + random(3), 1000);
      if (kind !== 6) dated.push(path);
    }
  };
  fill(top, 0);
  for (const path of dated.reverse()) {
    const time = Date.now() / 1000 - random(20 * 86_400);
    utimesSync(path, time, time);
  }
  const config = join(place, "t.conf");
  writeFileSync(config, `${lines(top).join("\n")}\n`);
  return { top, config, at };
}

const PLAIN = (top: string): readonly string[] => [
  `d ${top} - - - mM:10d`,
  `x ${top}/n1`,
  `e ${top}/n2 - - - mM:3d`,
  `X ${top}/n3`,
];
const GLOBS = (top: string): readonly string[] => [
  `d ${top}/n0 - - - mM:8d`,
  `x ${top}/*/n1`,
  `r ${top}/none`,
];
/** Globs come after the directory above, whose walk leaves out what they match. */
const NESTED_GLOBS = (top: string): readonly string[] => [
  `d ${top} - - - mM:10d`,
  `e ${top}/n[0-3] - - - mM:3d`,
  `x ${top}/n1/*`,
];
const SIMULATED = (top: string): readonly string[] => [
  `d ${top} - - - mM:10d`,
  `R ${top}/n2 - - - mM:4d`,
  `x ${top}/n4`,
];

const only = (path: string): Buffer => Buffer.from(path);
const reportOf = ({ top, config, at }: Case): ReportData => reportSync(only(top), { config: [config], at });

interface Count {
  entries: number;
  bytes: number;
}

/** All entries at or below a path, by an owner or by all; an inode with several names once. */
function counted(path: string, uid?: number, seen = new Set<number>()): Count {
  const stat = lstatSync(path);
  const mine = uid === undefined || stat.uid === uid;
  const repeated = !stat.isDirectory() && stat.nlink > 1 && seen.has(stat.ino);
  seen.add(stat.ino);
  const count = { entries: mine ? 1 : 0, bytes: mine && !repeated ? stat.blocks * 512 : 0 };
  if (!stat.isDirectory()) return count;
  for (const name of readdirSync(path)) {
    const inner = counted(join(path, name), uid, seen);
    count.entries += inner.entries;
    count.bytes += inner.bytes;
  }
  return count;
}

/** Each node, with its path. */
function* nodesOf(nodes: readonly Node[], parent = ""): Generator<{ path: string; node: Node }> {
  for (const node of nodes) {
    const path = parent === "" ? toText(node.name) : join(parent, toText(node.name));
    yield { path, node };
    yield* nodesOf(node.children, path);
  }
}

function sumOf(list: readonly Count[]): Count {
  return list.reduce(
    (sum, { entries, bytes: size }) => ({ entries: sum.entries + entries, bytes: sum.bytes + size }),
    { entries: 0, bytes: 0 },
  );
}

function forEachCase(t: { after(work: () => void): void }, lines: typeof PLAIN, check: (each: Case) => void) {
  const place = scratch(t);
  for (let seed = 1; seed <= CASES; seed++) {
    const own = join(place, `${seed}`);
    mkdirSync(own);
    try {
      check(randomCase(own, seed, lines));
    } catch (error) {
      if (error instanceof Error) error.message = `case ${seed}: ${error.message}`;
      throw error;
    }
  }
}

for (const [name, lines] of Object.entries({ PLAIN, GLOBS, NESTED_GLOBS, SIMULATED })) {
  test(`each figure is that of an independent count (${name})`, (t) => {
    forEachCase(t, lines, (each) => {
      const report = reportOf(each);
      const all = counted(each.top);
      assert.deepEqual(report.sums.total, all);
      for (const owner of report.owners) assert.deepEqual(owner.sums.total, counted(each.top, owner.uid));
      assert.deepEqual(sumOf(report.owners.map(({ sums }) => sums.total)), all);
      assert.deepEqual(sumOf(report.lines.map(({ sums }) => sums.total)), all);
      assert.deepEqual(sumOf(report.runs), report.sums.goes);
      assert.deepEqual(sumOf(report.lines.map(({ sums }) => sums.goes)), report.sums.goes);
      assert.deepEqual(sumOf(report.kept), report.sums.kept);
      let nodes = 0;
      for (const { path, node } of nodesOf(report.roots)) {
        nodes++;
        // Which of an inode's names is met first, and so counted, only the kernel knows.
        if (lstatSync(path).nlink === 1 || node.kind === "directory")
          assert.deepEqual(node.sums.total, counted(path), path);
        assert.equal(node.uid, lstatSync(path).uid);
      }
      assert.equal(nodes, all.entries);
    });
  });

  test(`what goes in a run is what clean removes then, from a copy of the tree (${name})`, (t) => {
    forEachCase(t, lines, (each) => {
      const { runs } = reportOf(each);
      const original = `${each.top}-original`;
      cpSync(each.top, original, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      for (const { run, entries, lines: byLine } of runs) {
        const removed: Extract<Event, { type: "removed" }>[] = [];
        const clock = fixedClock(run);
        const options = { operations: ["clean"], args: [bytes(each.config)], clock } as const;
        runSync(options, {
          wantsKept: false,
          report: (event) => {
            if (event.type === "removed") removed.push(event);
          },
        });
        assert.equal(removed.length, entries, `${run}`);
        for (const { line, ...sum } of byLine) {
          const own = removed.filter(({ source }) => source.line === line?.line);
          assert.equal(sum.entries, own.length);
        }
      }
    });
  });

  test(`a node says what explain says of its path (${name})`, (t) => {
    forEachCase(t, lines, (each) => {
      const report = reportOf(each);
      for (const { path, node } of nodesOf(report.roots)) {
        const [explained] = explainSync(path, { config: [each.config], at: each.at });
        assert.ok(explained);
        const where = `${path} ${node.code}`;
        assert.equal(node.expires, explained.expires, where);
        // explain names a line even if no line is the reason: one for the path itself, which cleans nothing.
        if (node.code === "no-line" && explained.reasons[0]?.code === "base") continue;
        assert.equal(node.line?.line, explained.line?.line, where);
        if (node.code === undefined) assert.equal(node.timestamp, explained.decisive, where);
        else if (node.code !== "not-empty") assert.equal(explained.reasons[0]?.code, node.code, where);
      }
    });
  });
}

test("a report of a part has the figures of the part", (t) => {
  forEachCase(t, PLAIN, ({ top, config, at }) => {
    for (const name of readdirSync(top)) {
      const path = join(top, name);
      const report = reportSync(only(path), { config: [config], at });
      assert.deepEqual(report.sums.total, counted(path), path);
      for (const { path: inner, node } of nodesOf(report.roots)) {
        const [explained] = explainSync(inner, { config: [config], at });
        assert.equal(node.expires, explained?.expires, inner);
        if (node.code !== undefined && node.code !== "not-empty")
          assert.equal(explained?.reasons[0]?.code, node.code, inner);
      }
    }
  });
});

test("without a path it reports what the configuration cleans", (t) => {
  const place = scratch(t);
  const each = randomCase(place, 3, PLAIN);
  const report = reportSync([], { config: [each.config], at: each.at });
  assert.deepEqual(
    report.roots.map(({ name }) => name),
    [each.top as Bytes],
  );
  assert.deepEqual(report.sums, reportOf(each).sums);
});

test("a path outside of all lines is kept, since no line cleans it", (t) => {
  const place = scratch(t);
  const { top, at } = randomCase(place, 4, PLAIN);
  const config = join(place, "empty.conf");
  writeFileSync(config, "");
  const report = reportSync(only(top), { config: [config], at, within: 3n * DAY });
  assert.deepEqual(report.sums.kept, report.sums.total);
  assert.deepEqual(
    report.kept.map(({ code }) => code),
    ["no-line"],
  );
});

test("of many files of one size, as many are named as there is room for", (t) => {
  const place = scratch(t);
  const top = join(place, "top");
  mkdirSync(top);
  for (let index = 0; index < 1_200; index++) writeFileSync(join(top, `file-${index}`), "");
  const { roots } = JSON.parse(reportJson(reportSync(only(top)))) as {
    readonly roots: readonly { readonly entries: number; readonly children: readonly object[] }[];
  };
  assert.equal(roots[0]?.entries, 1_201);
  assert.equal(roots[0]?.children.length, 999);
});
