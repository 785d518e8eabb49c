export type { Actor, ActorSource, Victim, WatchEvent, WatchOperation } from "./watch/event.js";
export type { Abilities } from "./watch/protocol.js";
export { type Watch, type WatchOptions, watch } from "./watch/watch.js";
