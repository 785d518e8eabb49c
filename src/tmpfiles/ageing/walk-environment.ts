/** The environment of a walk, as guards see it. */
import { join } from "../../base/bytes.js";
import type { SocketUse } from "../../sys/live-sockets.js";
import type { Environment } from "./entry-context.js";
import type { WalkParts } from "./walk-options.js";

type HostParts = Pick<WalkParts, "effects" | "sources" | "sockets" | "openFiles">;

export function walkEnvironment({ effects, sources, sockets, openFiles }: HostParts): Environment {
  return {
    sockets: () => sockets.bound(),
    socketUse(entry) {
      if (!effects.keepsUnseenUse) return undefined;
      const use = sockets.live().use(join(entry.within.path, entry.name()), entry.stat);
      return use && useText(use);
    },
    open: ({ stat }) => openFiles.has(stat),
    source: sources,
  };
}

function useText(use: SocketUse): string {
  return "pid" in use ? `pid ${use.pid}` : use.unknown;
}
