/** Runs the drop-in for the race tests, repeatedly in one process. */
import { chmodSync, constants, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { mknod } from "../oracle/libc.js";
import type { Outcome } from "../oracle/program.js";
import { openWorker } from "../oracle/subject.js";
import type { Arena } from "./arena.js";

export interface Cleaner {
  run(): Promise<Outcome>;
  close(): void;
}

/** A directory in which anybody can rename, also in a copy of it. */
function fillOpen(directory: string): void {
  mkdirSync(join(directory, "sub"), { recursive: true });
  mknod(Buffer.from(join(directory, "pipe")), constants.S_IFIFO | 0o666);
  symlinkSync("nowhere", join(directory, "link"));
  chmodSync(join(directory, "pipe"), 0o666);
  chmodSync(directory, 0o777);
}

/** `@` in the lines is the arena's tree. */
export function openCleaner(
  arena: Pick<Arena, "folder" | "tree">,
  args: readonly string[],
  lines: readonly string[],
  jobs?: number,
): Cleaner {
  const file = join(arena.folder, "race.conf");
  const source = join(arena.folder, "source");
  mkdirSync(join(source, "sub"), { recursive: true });
  writeFileSync(join(source, "sub/f2"), "copied");
  fillOpen(join(source, "open"));
  writeFileSync(join(source, "f1"), "copied");
  writeFileSync(file, `${lines.join("\n").replaceAll("@/..", arena.folder).replaceAll("@", arena.tree)}\n`);
  const worker = openWorker({}, false);
  after(() => worker.close());
  return {
    run: async () => {
      const settled = jobs === undefined ? {} : { settled: { jobs } };
      const call = { args: [...args, file], environment: {}, input: "", unprivileged: false, ...settled };
      const outcome = await worker.run(call);
      // What is swapped under its feet may fail; a cleaner that refuses to start would show nothing.
      if (outcome.status !== 0 && outcome.status !== 73)
        throw new Error(`status ${outcome.status}: ${outcome.output}`);
      return outcome;
    },
    close: () => worker.close(),
  };
}
