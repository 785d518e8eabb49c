/** The thread that makes the system calls: the main thread keeps the lease meanwhile. */
import { parentPort, workerData } from "node:worker_threads";
import { OpenFiles } from "../../sys/open-files.js";
import { LineIndex } from "../../tmpfiles/ageing/line-index.js";
import { Sockets } from "../../tmpfiles/ageing/sockets.js";
import { walkEnvironment } from "../../tmpfiles/ageing/walk-environment.js";
import type { Send } from "./batch.js";
import { sharedWalkEffects } from "./effects.js";
import { Gate } from "./gate.js";
import type { EngineSettings, EngineTask } from "./messages.js";
import { type UnitWork, workOn } from "./unit-walk.js";
import type { EngineParts } from "./way.js";

/** What processes use is read anew for each unit. */
function partsOf({ root, rootFd, lines, rules }: EngineSettings): EngineParts {
  const effects = sharedWalkEffects();
  const sockets = new Sockets();
  const openFiles = new OpenFiles();
  const environment = walkEnvironment({ effects, sockets, openFiles, sources: () => undefined });
  return { root, rootFd, lines: new LineIndex(lines), rules, effects, environment };
}

function serveUnits(settings: EngineSettings): void {
  const port = parentPort;
  if (port === null) return;
  const gate = new Gate(settings.memory);
  const send: Send = (message) => port.postMessage(message);
  port.on("message", (task: EngineTask) => {
    const work: UnitWork = { parts: partsOf(settings), gate, send, budget: settings.budget };
    send({ type: "done", ...workOn(work, task) });
  });
}

serveUnits(workerData as EngineSettings);
