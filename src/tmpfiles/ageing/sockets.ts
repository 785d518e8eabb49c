/** What a walk knows of live sockets, each read at most once and only when it meets a socket. */
import type { Bytes } from "../../base/bytes.js";
import { LiveSockets } from "../../sys/live-sockets.js";
import { boundSockets } from "../../sys/sockets.js";

/** The sockets of this network namespace by path, and those of all others. */
export class Sockets {
  #bound: { readonly paths: ReadonlySet<Bytes> | undefined } | undefined;
  #live: LiveSockets | undefined;

  bound(): ReadonlySet<Bytes> | undefined {
    this.#bound ??= { paths: boundSockets() };
    return this.#bound.paths;
  }

  live(): LiveSockets {
    this.#live ??= new LiveSockets();
    return this.#live;
  }
}
