/** The promise-based versions of list, reap and locate. They read much of /proc, so each runs in its own thread. */
import { callInThread, type ThreadCall } from "../sys/thread.js";
import { requireLocateArguments, requireReapOptions } from "./arguments.js";
import type { PrivateTmp } from "./list.js";
import type { LocateOptions, ReapOptions } from "./options.js";
import type { LocateQuestion } from "./private-thread.js";
import type { Reaped } from "./reap.js";
import { SetupError } from "./settings.js";

function inThread<Result>(call: Omit<ThreadCall, "errors">): Promise<Result> {
  const file = new URL("./private-thread.js", import.meta.url);
  return callInThread({ ...call, file, errors: { SetupError } });
}

/** Like `listSync`, in a separate thread. */
export async function list(): Promise<PrivateTmp[]> {
  return inThread({ name: "list", input: undefined });
}

/**
 * Like `reapSync`, in a separate thread.
 *
 * @throws TypeError
 */
export async function reap(options: ReapOptions = {}): Promise<Reaped[]> {
  requireReapOptions(options);
  return inThread({ name: "reap", input: options });
}

/**
 * Like `locateSync`, in a separate thread; `onNotice` is called in the calling thread.
 *
 * @throws SetupError NOT_FOUND, AMBIGUOUS, FOREIGN; TypeError
 */
export async function locate(asked: string | number, options: LocateOptions = {}): Promise<string> {
  requireLocateArguments(asked, options);
  const { onNotice, ...rest } = options;
  const input: LocateQuestion = { asked, options: rest };
  return inThread({ name: "locate", input, callbacks: { onNotice } });
}
