/** A queue's server, workers and coordinators, as separate processes, for one tree. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { endWithTest, until } from "../children.js";
import { needsPrograms } from "../requirements.js";
import { scratch } from "../scratch.js";
import { MAYFLY, mayfly, type Result } from "./program.js";

export const needsQueue = needsPrograms("nats-server");
/** The shortest: a killed worker's unit comes back after it. */
export const LEASE_SECONDS = 3;
const LIMIT_MS = Number(process.env.KILLS ?? 0) > 10 || process.env.ENTRIES ? 3_600_000 : 120_000;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export interface Ended extends Result {
  readonly pid: number;
}

/** A process of the program, and how it ended. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[]) {
    const child = endWithTest(
      spawn(process.execPath, [MAYFLY, ...args], { stdio: ["ignore", "pipe", "pipe"] }),
    );
    this.child = child;
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name]?.setEncoding("latin1").on("data", (text: string) => {
        output[name] += text;
      });
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS).unref();
    this.ended = once(child, "close").then(([status]: unknown[]) => {
      clearTimeout(limit);
      return { status: status as number | null, pid: child.pid ?? 0, ...output };
    });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
}

/** A directory with a tree, a policy and the files of a server. */
export class Cluster {
  readonly place: string;
  readonly root: string;
  readonly config: string;
  readonly port: number;
  url: string;
  #server: ChildProcess | undefined;

  private constructor(place: string, port: number) {
    this.place = place;
    this.root = join(place, "root");
    this.config = join(place, "policy.conf");
    this.port = port;
    this.url = `nats://127.0.0.1:${port}`;
  }

  static async start(t: { after(work: () => void): void }, age = "mM:30d"): Promise<Cluster> {
    const cluster = new Cluster(scratch(t), await freePort());
    mkdirSync(cluster.root);
    writeFileSync(join(cluster.root, ".mayfly-scratch"), "", { mode: 0o600 });
    writeFileSync(cluster.config, `e ${cluster.root} - - - ${age}\n`);
    await cluster.startServer();
    return cluster;
  }

  async startServer(): Promise<void> {
    const store = join(this.place, "store");
    const args = ["-js", "-sd", store, "-a", "127.0.0.1", "-p", `${this.port}`];
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
    const server = endWithTest(spawn("nats-server", args, { stdio: ["ignore", "ignore", "pipe"], env }));
    this.#server = server;
    let log = "";
    const ready = new Promise<void>((resolve, reject) => {
      server.stderr?.setEncoding("utf8").on("data", (text: string) => {
        if (log.length < 100_000) log += text;
        if (log.includes("Server is ready")) resolve();
      });
      server.once("exit", () => reject(new Error(`nats-server ended: ${log}`)));
    });
    await ready;
  }

  async killServer(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  }

  run(...options: readonly string[]): Running {
    return new Running(["scratch", "run", ...this.#work(), `--lease=${LEASE_SECONDS}s`, ...options]);
  }

  /** Starts a run, and waits until workers can find it. */
  async begin(...options: readonly string[]): Promise<Running> {
    const run = this.run(...options);
    await until("the run has begun", () => !run.isRunning || /^running/.test(this.ask("status").stdout));
    return run;
  }

  /** One that starts too late ends at once. */
  worker(...options: readonly string[]): Running {
    return new Running(["scratch", "worker", ...this.#work(), "--no-wait", ...options]);
  }

  #work(): string[] {
    return [this.root, `--config=${this.config}`, `--queue=${this.url}`];
  }

  ask(verb: string, ...options: readonly string[]): Result {
    return mayfly(["scratch", verb, `--queue=nats://127.0.0.1:${this.port}`, ...options]);
  }

  /** The removed paths, in order, as the journal has them. */
  journal(): string[] {
    return this.ask("journal", "--null")
      .stdout.split("\0")
      .filter((path) => path !== "");
  }

  /** What `mayfly clean` leaves of a copy of the tree at the same path; the tree itself is as before afterwards. */
  leftByClean(): string[] {
    const saved = join(this.place, "saved");
    cpSync(this.root, saved, { recursive: true, preserveTimestamps: true });
    this.#restoreDirectoryTimes();
    const { status, stderr } = mayfly(["clean", "--no-index", this.config]);
    if (status !== 0) throw new Error(stderr);
    const left = pathsBelow(this.root);
    this.#replaceBy(saved);
    return left;
  }

  #restoreDirectoryTimes(): void {
    for (const path of this.oldDirectories) age(path);
  }

  /** Directories that are old: to copy a tree changes their times. */
  readonly oldDirectories: string[] = [];

  #replaceBy(saved: string): void {
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", 'rm -rf "$1" && mv "$2" "$1"', "sh", this.root, saved],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(stderr);
    this.#restoreDirectoryTimes();
  }
}

const OLD = new Date(Date.now() - 40 * 86_400_000);

export function age(path: string): void {
  utimesSync(path, OLD, OLD);
}

export function makeFile(path: string, isOld: boolean): void {
  closeSync(openSync(path, "w"));
  if (isOld) age(path);
}

export function pathsBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "latin1" }).sort();
}

/**
 * A skewed tree: 30 % in one directory, a chain of directories, and the rest in directories of users of very different sizes.
 * Three in five are old, and directories too.
 */
export function makeTree({ root, oldDirectories }: Cluster, entries: number, chain = 200): number {
  let made = 0;
  const directory = (...parts: string[]): string => {
    const path = join(root, ...parts);
    mkdirSync(path, { recursive: true });
    oldDirectories.unshift(path);
    return path;
  };
  const fill = (path: string, count: number, isOld = (index: number): boolean => index % 5 < 3): void => {
    for (let index = 0; index < count; index++) makeFile(join(path, `f${index}`), isOld(index));
    made += count;
  };
  directory("user0");
  fill(directory("user0", "wide"), Math.floor(entries * 0.3));
  const links: string[] = ["user1"];
  directory(...links);
  for (let level = 0; level < chain; level++) {
    links.push("d");
    fill(directory(...links), 2, () => level > 20);
  }
  for (let user = 2; made < entries; user++) {
    directory(`user${user}`);
    const share = Math.max(50, Math.floor((entries * 0.4) / user));
    for (let job = 0; job * 100 < share && made < entries; job++)
      fill(
        directory(`user${user}`, `job${job}`),
        Math.min(100, entries - made),
        (i) => user % 3 === 0 || i % 5 < 3,
      );
  }
  for (const path of oldDirectories) age(path);
  return made;
}
