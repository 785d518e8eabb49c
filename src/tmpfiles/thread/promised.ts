/** The promised twins of the engine's functions: each runs in a thread of its own. */
import type { Reporter } from "../../base/events.js";
import { type Callbacks, callInThread, ResidentThread, type ThreadCall } from "../../sys/thread.js";
import type { Finding } from "../check/check.js";
import type { ConfigFiles, ConfigFilesOptions } from "../config/files.js";
import type { Loaded } from "../config/items.js";
import { ItemError } from "../effects/item-error.js";
import { lineType } from "../lines/index.js";
import {
  type CheckOptions,
  type LoadOptions,
  requireCheckOptions,
  requireThreadRunOptions,
  type ThreadRunOptions,
} from "../model/options.js";
import type { Summary } from "../model/outcome.js";
import { SILENT } from "../run/run.js";
import type { EngineRun } from "./engine-thread.js";

function inThread<Result>(call: Omit<ThreadCall, "errors">): Promise<Result> {
  return callInThread({
    ...call,
    file: new URL("./engine-thread.js", import.meta.url),
    errors: { ItemError },
  });
}

/** `process.env` itself cannot be cloned. */
function cloneable<Options extends { readonly environment?: NodeJS.ProcessEnv }>(options: Options): Options {
  const { environment } = options;
  return environment === undefined ? options : { ...options, environment: { ...environment } };
}

/**
 * Like `runSync`, in a thread of its own. The reporter is called in the caller's thread as events happen; if it throws, the
 * run stops early and the promise is rejected with that error.
 *
 * @throws TypeError if the options themselves are invalid; what the reporter throws.
 */
export async function run(options: ThreadRunOptions, reporter: Reporter = SILENT): Promise<Summary> {
  requireThreadRunOptions(options, reporter);
  return inThread(runCall(options, reporter));
}

/** Runs one configuration after the other in one thread, for a long-running process. */
export class ResidentEngine implements AsyncDisposable {
  readonly #thread = new ResidentThread(new URL("./engine-thread.js", import.meta.url));

  /** Like `run`. */
  async run(options: ThreadRunOptions, reporter: Reporter = SILENT): Promise<Summary> {
    requireThreadRunOptions(options, reporter);
    return this.#thread.call({ ...runCall(options, reporter), errors: { ItemError } });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}

function runCall({ signal, ...options }: ThreadRunOptions, reporter: Reporter): Omit<ThreadCall, "errors"> {
  const { wantsKept, wantsRemoved } = reporter;
  const input: EngineRun = {
    options: cloneable(options),
    wants: { wantsKept, ...(wantsRemoved === undefined ? {} : { wantsRemoved }) },
  };
  return { name: "run", input, signal, callbacks: callbacksOf(reporter) };
}

function callbacksOf(reporter: Reporter): Callbacks {
  return {
    report: (event: Parameters<Reporter["report"]>[0]) => reporter.report(event),
    progress: reporter.progress?.bind(reporter),
    cleans: reporter.cleans?.bind(reporter),
  };
}

/**
 * Like `checkSync`, in a thread of its own.
 *
 * @throws TypeError if the options themselves are invalid.
 */
export async function check(options: Omit<CheckOptions, "dialect"> = {}): Promise<Finding[]> {
  requireCheckOptions(options);
  return inThread({ name: "check", input: cloneable(options) });
}

/** Like `loadItemsSync`, in a thread of its own. */
export async function loadItems(options: Omit<LoadOptions, "dialect">): Promise<Loaded> {
  const loaded = await inThread<Loaded>({ name: "loadItems", input: cloneable(options) });
  for (const { items } of [...loaded.exact, ...loaded.globs]) {
    for (const item of items) Object.assign(item, { type: lineType(item.letter) });
  }
  return loaded;
}

/** Like `readConfigFilesSync`, in a thread of its own. */
export async function readConfigFiles(options: ConfigFilesOptions = {}): Promise<ConfigFiles> {
  return inThread({ name: "readConfigFiles", input: cloneable(options) });
}
