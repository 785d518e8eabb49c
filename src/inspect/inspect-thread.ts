/** The thread of the promised explain and forecast. */
import type { PathInput } from "../base/bytes.js";
import { serveThread, type ThreadContext } from "../sys/thread.js";
import { type ExplainOptions, explainSync } from "./explain/explain.js";
import { type ForecastOptions, forecastSync } from "./forecast/forecast.js";

/** The functions among the options stay in the caller's thread. */
export interface Question<Options> {
  readonly paths: PathInput | readonly PathInput[];
  readonly options: Options;
}

serveThread({
  explain: ({ paths, options }: Question<ExplainOptions>, { callbacks }: ThreadContext) =>
    explainSync(paths, { ...options, ...callbacks }),
  forecast: ({ paths, options }: Question<ForecastOptions>, { callbacks, stop }: ThreadContext) =>
    forecastSync(paths, { ...options, ...callbacks, stop }),
});
