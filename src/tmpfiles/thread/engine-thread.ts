/** The thread that runs the engine's promised functions. */
import type { Reporter } from "../../base/events.js";
import { serveThread, type ThreadContext } from "../../sys/thread.js";
import { checkSync } from "../check/check.js";
import { type ConfigFilesOptions, readConfigFilesSync } from "../config/files.js";
import { type Loaded, loadItemsSync } from "../config/items.js";
import type { CheckOptions, LoadOptions, RunOptions } from "../model/options.js";
import type { Summary } from "../model/outcome.js";
import { runSync } from "../run/run.js";

/** The arguments of a run; its reporter stays in the caller's thread. */
export interface EngineRun {
  readonly options: RunOptions;
  readonly wants: Pick<Reporter, "wantsKept" | "wantsRemoved">;
}

function run({ options, wants }: EngineRun, { stop, callbacks }: ThreadContext): Summary {
  // The methods of the caller's reporter: `progress` and `cleans` are optional.
  const reporter = { ...wants, ...callbacks } as unknown as Reporter;
  return runSync({ ...options, stop }, reporter);
}

/** A line type has functions, which cannot be cloned: the caller finds it by the item's letter. */
function loadItems(options: LoadOptions): Loaded {
  const loaded = loadItemsSync(options);
  for (const { items } of [...loaded.exact, ...loaded.globs]) {
    for (const item of items) Reflect.deleteProperty(item, "type");
  }
  return loaded;
}

serveThread({
  run,
  loadItems,
  check: (options: CheckOptions) => checkSync(options),
  readConfigFiles: (options: ConfigFilesOptions) => readConfigFilesSync(options),
});
