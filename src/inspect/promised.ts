/** The promised twins of explain and forecast: each runs in a thread of its own. */
import { SIGNAL } from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { callInThread, type ThreadCall } from "../sys/thread.js";
import { ConfigurationError } from "./explain/configuration.js";
import { EXPLAIN_OPTIONS, type ExplainOptions } from "./explain/explain.js";
import type { Explanation } from "./explain/explanation.js";
import { FORECAST_OPTIONS, type Forecast, type ForecastOptions } from "./forecast/forecast.js";
import type { Question } from "./inspect-thread.js";
import { absolutePaths } from "./paths.js";

function inThread<Result>(call: Omit<ThreadCall, "errors">): Promise<Result> {
  const file = new URL("./inspect-thread.js", import.meta.url);
  return callInThread({ ...call, file, errors: { ConfigurationError } });
}

/**
 * As `explainSync`, in a thread of its own; `onDiagnostic` is called in the caller's.
 *
 * @throws ConfigurationError and TypeError, as `explainSync`.
 */
export async function explain(
  paths: PathInput | readonly PathInput[],
  options: ExplainOptions = {},
): Promise<Explanation[]> {
  absolutePaths("explain", paths, options, EXPLAIN_OPTIONS);
  const { onDiagnostic, ...rest } = options;
  const input: Question<ExplainOptions> = { paths, options: rest };
  return inThread({ name: "explain", input, callbacks: { onDiagnostic } });
}

/** How `forecast` differs from `forecastSync`: a signal stops it. */
export interface ThreadForecastOptions extends Omit<ForecastOptions, "stop"> {
  /** Gives up: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const { stop: _stop, ...KNOWN } = FORECAST_OPTIONS;

/**
 * As `forecastSync`, in a thread of its own; `onProgress` and `onDiagnostic` are called in the caller's.
 *
 * @throws ConfigurationError, Error, RangeError and TypeError, as `forecastSync`; the reason of `signal`.
 */
export async function forecast(
  paths: PathInput | readonly PathInput[] = [],
  options: ThreadForecastOptions = {},
): Promise<Forecast> {
  absolutePaths("forecast", paths, options, { ...KNOWN, signal: SIGNAL });
  const { onDiagnostic, onProgress, signal, ...rest } = options;
  signal?.throwIfAborted();
  const input: Question<ForecastOptions> = { paths, options: rest };
  const callbacks = { onDiagnostic, onProgress };
  try {
    return await inThread<Forecast>({ name: "forecast", input, callbacks, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
