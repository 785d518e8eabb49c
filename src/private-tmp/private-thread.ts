/** The thread of the promised list, reap and locate. */
import { serveThread, type ThreadContext } from "../sys/thread.js";
import { listSync } from "./list.js";
import { locateSync } from "./locate.js";
import type { LocateOptions, ReapOptions } from "./options.js";
import { reapSync } from "./reap.js";

/** The arguments of `locate`, but for the function among its options. */
export interface LocateQuestion {
  readonly asked: string | number;
  readonly options: LocateOptions;
}

serveThread({
  list: () => listSync(),
  reap: (options: ReapOptions) => reapSync(options),
  locate: ({ asked, options }: LocateQuestion, { callbacks }: ThreadContext) =>
    locateSync(asked, { ...options, ...callbacks }),
});
