/** `mayfly serve`: the service with its signals, its service manager, and the command beside it. */
import { constants } from "node:os";
import { bytes, escapeForDisplay } from "../base/bytes.js";
import { localTime } from "../base/time.js";
import { SignalForwarding } from "../sys/signal-forwarding.js";
import { type MainProcess, StartError, startMain } from "./init/main-process.js";
import { Reaper } from "./init/reaper.js";
import { Manager } from "./manager.js";
import { Service, type ServiceOptions } from "./service.js";
import type { ServiceEvent } from "./service-event.js";

export interface ServeOptions extends Omit<ServiceOptions, "progress"> {
  /** Cleans at once, besides the schedule. */
  readonly now: boolean;
  /** The command to run beside the service; none if it is empty. */
  readonly command: readonly string[];
  /** How long the command may take to end after SIGTERM, in milliseconds. SIGKILL follows. */
  readonly grace: number;
  /** Raises the log level, or lowers it again. */
  readonly switchLogLevel: () => void;
}

/** The exit status by which a shell reports a process that SIGTERM ended. */
const INTERRUPTED = 128 + constants.signals.SIGTERM;

type Handlers = Readonly<Partial<Record<NodeJS.Signals, () => void>>>;

/** Cleans if a run is due, or in any case with `now`, and returns the exit status of the run: for cron and the like. */
export async function serveOnce(options: ServeOptions): Promise<number> {
  using server = new Server(options);
  return await server.once();
}

/** Serves until SIGTERM or SIGINT, or until the command ends, and returns the exit status. */
export async function serve(options: ServeOptions): Promise<number> {
  using server = new Server(options);
  return options.command.length > 0 ? await server.besideCommand() : await server.alone();
}

class Server implements Disposable {
  readonly #options: ServeOptions;
  readonly #manager = new Manager();
  readonly #service: Service;
  readonly #report: (event: ServiceEvent) => void;
  #isStopping = false;

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#report = (event) => {
      options.report(event);
      const status = statusOf(event);
      if (status !== undefined) this.#manager.status(status);
    };
    const progress = (status: string): void => this.#manager.status(status);
    this.#service = new Service({ ...options, report: this.#report, progress });
  }

  async once(): Promise<number> {
    const stop = (signal: NodeJS.Signals): void => this.#stop(signal);
    using _handling = handling({ SIGTERM: () => stop("SIGTERM"), SIGINT: () => stop("SIGINT") });
    try {
      if (!this.#options.now && !this.#service.isDue()) return 0;
      const { exitStatus, interrupted } = await this.#service.runNow();
      return interrupted ? INTERRUPTED : exitStatus;
    } finally {
      await this.#service.stop();
    }
  }

  async alone(): Promise<number> {
    using _reaper = process.pid === 1 ? new Reaper() : undefined;
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const stop = (signal: NodeJS.Signals): void => {
      this.#stop(signal);
      end();
    };
    using _handling = handling({
      SIGTERM: () => stop("SIGTERM"),
      SIGINT: () => stop("SIGINT"),
      SIGHUP: () => void this.#reload(),
      SIGUSR1: () => void this.#runNow(),
      SIGUSR2: this.#options.switchLogLevel,
    });
    await this.#setUp();
    this.#begin();
    await ended;
    await this.#service.stop();
    return 0;
  }

  /** Forwards all signals to the command, which is the purpose of the container. */
  async besideCommand(): Promise<number> {
    using reaper = new Reaper();
    using forwarding = new SignalForwarding();
    let main: MainProcess | undefined;
    using _handling = handling({
      SIGTERM: () => {
        this.#stop("SIGTERM");
        setTimeout(() => main?.send("SIGKILL"), this.#options.grace).unref();
      },
      SIGHUP: () => void this.#reload(),
    });
    await this.#setUp();
    if (this.#isStopping) return INTERRUPTED;
    try {
      main = await startMain(this.#options.command, reaper);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#report({ type: "problem", severity: "error", message: error.message });
      await this.#service.stop();
      return error.status;
    }
    this.#report({ type: "command-started", pid: main.pid });
    const { send } = main;
    forwarding.to(send);
    this.#begin();
    const status = await main.ended;
    this.#report({ type: "command-ended", status });
    this.#manager.stopping();
    await this.#service.stop();
    return status;
  }

  async #setUp(): Promise<void> {
    this.#manager.starting();
    this.#report({ type: "started", pid: process.pid });
    await this.#attempt(() => this.#service.setUp());
  }

  #begin(): void {
    if (this.#isStopping) return;
    this.#service.start();
    if (this.#options.now) void this.#runNow();
    this.#manager.ready();
  }

  async #reload(): Promise<void> {
    this.#manager.reloading();
    await this.#attempt(() => this.#service.reload());
    this.#manager.ready();
  }

  async #runNow(): Promise<void> {
    await this.#attempt(() => this.#service.runNow());
  }

  /** Stops the run in progress, and starts no more. */
  #stop(signal: NodeJS.Signals): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#report({ type: "stopping", signal });
    this.#manager.stopping();
    void this.#service.stop();
  }

  async #attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const message = error instanceof Error ? error.message : escapeForDisplay(bytes(String(error)));
      this.#report({ type: "problem", severity: "error", message });
    }
  }

  [Symbol.dispose](): void {
    this.#manager[Symbol.dispose]();
  }
}

function handling(handlers: Handlers): Disposable {
  const entries = Object.entries(handlers) as [NodeJS.Signals, () => void][];
  for (const [signal, handler] of entries) process.on(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const [signal, handler] of entries) process.off(signal, handler);
    },
  };
}

/** For `systemctl status`. */
function statusOf(event: ServiceEvent): string | undefined {
  switch (event.type) {
    case "running":
      return `Running (${event.operations.join(", ")})`;
    case "waiting":
      return event.next === undefined ? "Waiting for the clock" : `Next run: ${localTime(event.next)}`;
    case "stopping":
      return "Stopping";
    default:
      return undefined;
  }
}
