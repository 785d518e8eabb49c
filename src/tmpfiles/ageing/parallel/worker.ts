import { workerData } from "node:worker_threads";
import type { Bytes } from "../../../base/bytes.js";
import { boundSockets } from "../../../sys/sockets.js";
import { DirectoryIndex } from "../directory-index.js";
import { LineIndex } from "../line-index.js";
import { Walk } from "../walk.js";
import { actingWalkHands } from "../walk-hands.js";
import { Board } from "./board.js";
import type { Assignment } from "./crew.js";
import { type Batch, Reports } from "./reports.js";
import { Share } from "./share.js";
import { leaveNotes, takeNotes, writeTally } from "./tallies.js";

/** A thread that walks directories that others found, until there are none for good. */
function serve({
  memory,
  jobs,
  member,
  port,
  lines,
  sources,
  index: seen,
  stop,
  ...wants
}: Assignment): void {
  const board = new Board(memory, jobs);
  const reports = new Reports(wants, () => tell());
  const index = seen && new DirectoryIndex(seen.records, seen.nowSeconds, seen.kept);
  const tell = (): void => {
    writeTally(board, member, walk.ledger.tally);
    const told = reports.take();
    let noted = index?.take() ?? [];
    if (leaveNotes(board, member, noted)) noted = [];
    else noted = [...takeNotes(board, member), ...noted];
    if (told.length === 0 && noted.length === 0) return;
    port.postMessage({ sequence: board.nextSequence(), reports: told, noted } satisfies Batch);
  };
  const share = new Share(board, tell);
  let sockets: ReadonlySet<Bytes> | undefined | null = null;
  const walk = new Walk({
    hands: actingWalkHands,
    listener: reports,
    lines: new LineIndex(lines),
    sources: (order) => sources[order],
    sockets: () => {
      if (sockets === null) sockets = boundSockets();
      return sockets;
    },
    sharing: share,
    index,
    stop,
  });
  while (!board.isStopped) {
    const signal = board.signal;
    if (!share.work(walk)) board.waitForWork(signal);
  }
  port.close();
}

serve(workerData as Assignment);
