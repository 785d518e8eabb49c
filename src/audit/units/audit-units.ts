/** Audits the systemd units of a host, of another root, or in directories of a source tree. */
import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { type Bytes, fromBuffer, join, toBuffer } from "../../base/bytes.js";
import type { AuditReport } from "../audit.js";
import { inOrderOfPlace } from "../audit.js";
import type { AuditFinding, SkippedFile } from "../finding.js";
import { placeFindings, type TextFile } from "../place-findings.js";
import { commandsOf } from "./commands.js";
import { programUses, useOf } from "./evidence.js";
import { lifetimes } from "./lifetimes.js";
import { ROOT_DIRECTORY, RootFiles } from "./root-files.js";
import { type UnitFinding, unitFindings } from "./unit-rules.js";
import { loadUnits, UNIT_DIRECTORIES, type Unit } from "./unit-tree.js";

export interface UnitAuditOptions {
  /** Roots of hosts, or directories with unit files at any depth; the root's own units if there are none. */
  readonly paths: readonly Bytes[];
  /** In which programs and tmpfiles.d are looked up. */
  readonly root?: Bytes | undefined;
}

/** Units that were loaded together, and where their programs are. */
interface UnitSet {
  readonly units: ReadonlyMap<string, Unit>;
  readonly programs: RootFiles;
  readonly root: Bytes;
}

/** @throws Error if an operand is not a directory or cannot be read */
export async function auditUnits({ paths, root }: UnitAuditOptions): Promise<AuditReport> {
  const top = root === undefined ? ROOT_DIRECTORY : absolute(root);
  const skipped: SkippedFile[] = [];
  const sets =
    paths.length === 0 ? [ofHost(top)] : paths.flatMap((path) => setsIn(absolute(path), top, skipped));
  const findings: AuditFinding[] = [];
  for (const set of sets) findings.push(...(await findingsIn(set)));
  const texts = new Map(sets.flatMap(({ units }) => [...units.values()]).flatMap(filesOf));
  return {
    findings: findings.sort(inOrderOfPlace),
    skipped,
    files: texts.size,
    bytes: [...texts.values()].reduce((sum, length) => sum + length, 0),
  };
}

function absolute(path: Bytes): Bytes {
  return fromBuffer(realpathSync(toBuffer(path), { encoding: "buffer" }));
}

function ofHost(root: Bytes): UnitSet {
  const files = new RootFiles(root);
  return { units: loadUnits(files, UNIT_DIRECTORIES), programs: files, root };
}

/** The sets of units in an operand. */
function setsIn(path: Bytes, root: Bytes, skipped: SkippedFile[]): UnitSet[] {
  const host = new RootFiles(path);
  if (UNIT_DIRECTORIES.some((directory) => host.list(directory).length > 0)) return [ofHost(path)];
  const files = new RootFiles(ROOT_DIRECTORY);
  return directoriesIn(path, skipped).flatMap((directory) => {
    const units = loadUnits(files, [directory]);
    return units.size === 0 ? [] : [{ units, programs: new RootFiles(root), root }];
  });
}

const LEFT_OUT = new Set([".git", ".hg", ".svn", "node_modules"]);

/** All directories below, symbolic links aside. */
function directoriesIn(path: Bytes, skipped: SkippedFile[], top = true): Bytes[] {
  try {
    if (!lstatSync(toBuffer(path)).isDirectory()) throw new Error(`${path} is not a directory`);
    const entries = readdirSync(toBuffer(path), { encoding: "buffer", withFileTypes: true });
    const below = entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => fromBuffer(name))
      .filter((name) => !LEFT_OUT.has(name))
      .sort();
    return [path, ...below.flatMap((name) => directoriesIn(join(path, name), skipped, false))];
  } catch (error) {
    if (top) throw error;
    skipped.push({ file: path, reason: "unreadable", detail: (error as NodeJS.ErrnoException).code ?? "" });
    return [];
  }
}

async function findingsIn({ units, programs, root }: UnitSet): Promise<AuditFinding[]> {
  const commands = new Map([...units].map(([name, unit]) => [name, commandsOf(unit, programs)]));
  const uses = await programUses([...commands.values()].flat(), programs);
  const cleanedAfter = lifetimes(root);
  const found = [...units].flatMap(([name, unit]) => {
    const own = (commands.get(name) ?? []).map((command) => ({ command, use: useOf(command, uses) }));
    return unitFindings({ unit, units, commands: own, cleanedAfter });
  });
  return placedByFile(found);
}

function placedByFile(found: readonly UnitFinding[]): AuditFinding[] {
  return [...grouped(found).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : placeFindings(first.setting.file, group);
  });
}

function grouped(found: readonly UnitFinding[]): Map<Bytes, UnitFinding[]> {
  const groups = new Map<Bytes, UnitFinding[]>();
  for (const each of found) {
    const { file } = each.setting.file;
    groups.set(file, [...(groups.get(file) ?? []), each]);
  }
  return groups;
}

function filesOf({ settings }: Unit): [Bytes, number][] {
  return settings.map(({ file }: { file: TextFile }) => [file.file, file.text.length]);
}
