/** Loads the units of a host: which file of a name applies, and its drop-in files: systemd.unit(5). */
import type { Bytes } from "../../base/bytes.js";
import { join } from "../../base/bytes.js";
import type { RootFiles } from "./root-files.js";
import { parseUnit, type Setting } from "./unit-file.js";

/** Directories of units of the system, from that which overrides the others. */
export const UNIT_DIRECTORIES = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
];

export interface Unit {
  readonly name: string;
  readonly settings: readonly Setting[];
  /** Units that want or require it by a symbolic link in their .wants or .requires directory. */
  readonly wantedBy: ReadonlySet<string>;
}

const UNIT_NAME = /^[\w:@.\\-]+\.(service|socket|target|mount|timer|path|swap|automount)$/;

/** The units in these directories, by name. A masked unit is left out. */
export function loadUnits(files: RootFiles, directories: readonly string[]): ReadonlyMap<string, Unit> {
  const entries = directories.map((directory) => ({
    directory,
    names: new Set<string>(files.list(directory)),
  }));
  const all = new Set(entries.flatMap(({ names }) => [...names].filter((name) => UNIT_NAME.test(name))));
  const wanted = wantedUnits(files, entries);
  const units = new Map<string, Unit>();
  for (const name of [...all].sort()) {
    const first = entries.find(({ names }) => names.has(name));
    if (first === undefined) continue;
    const path = `${first.directory}/${name}`;
    if (isAliasOrMask(files, path, name)) continue;
    const text = files.read(path);
    if (text === undefined || text === "") continue;
    const own = parseUnit({ file: files.shown(path), text });
    const settings = [...own, ...dropIns(files, entries, name)];
    units.set(name, { name, settings, wantedBy: wanted.get(name) ?? new Set() });
  }
  return units;
}

interface Entries {
  readonly directory: string;
  readonly names: ReadonlySet<string>;
}

/** Another name of a unit would only repeat its findings. */
function isAliasOrMask(files: RootFiles, path: string, name: string): boolean {
  const target = files.linkTarget(path);
  if (target === undefined) return false;
  return target === "/dev/null" || target.slice(target.lastIndexOf("/") + 1) !== name;
}

function dropIns(files: RootFiles, entries: readonly Entries[], name: string): Setting[] {
  const found = new Map<string, string>();
  const type = name.slice(name.lastIndexOf(".") + 1);
  for (const folder of [`${type}.d`, `${name}.d`])
    for (const { directory, names } of entries) {
      if (!names.has(folder)) continue;
      for (const file of files.list(`${directory}/${folder}`))
        if (file.endsWith(".conf") && !found.has(file)) found.set(file, `${directory}/${folder}/${file}`);
    }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, path]) => {
      const text = files.read(path);
      return text === undefined ? [] : parseUnit({ file: files.shown(path), text });
    });
}

function wantedUnits(files: RootFiles, entries: readonly Entries[]): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>();
  for (const { directory, names } of entries)
    for (const folder of names) {
      const by = /^(.*)\.(?:wants|requires)$/.exec(folder)?.[1];
      if (by === undefined) continue;
      for (const unit of files.list(join(directory as Bytes, folder as Bytes)))
        wanted.set(unit, (wanted.get(unit) ?? new Set()).add(by));
    }
  return wanted;
}

/** The last value of a setting: it overrides the earlier ones. */
export function lastSetting({ settings }: Unit, section: string, key: string): Setting | undefined {
  return settings.findLast((each) => each.section === section && each.key === key);
}

/** The values of a setting that is a list: an empty one clears those before it. */
export function settingsOf({ settings }: Unit, section: string, ...keys: readonly string[]): Setting[] {
  let values: Setting[] = [];
  for (const each of settings)
    if (each.section === section && keys.includes(each.key))
      values = each.value === "" ? [] : [...values, each];
  return values;
}
