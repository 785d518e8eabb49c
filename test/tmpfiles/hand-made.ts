/** Items, runs and reporters made by hand, for tests of single handlers. */
import { mkdtempSync, rmSync } from "node:fs";
import type { TestContext } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { systemClock } from "#src/sys/clock.js";
import { actingWalkHands, lookingWalkHands } from "#src/tmpfiles/ageing/walk-hands.js";
import { Walker } from "#src/tmpfiles/ageing/walker.js";
import { NO_MODIFIERS } from "#src/tmpfiles/config/line.js";
import { dryHands } from "#src/tmpfiles/hands/dry.js";
import { realHands } from "#src/tmpfiles/hands/real.js";
import type { Item, Mode, Modifiers } from "#src/tmpfiles/item.js";
import type { Handler } from "#src/tmpfiles/line-type.js";
import { Outcome } from "#src/tmpfiles/outcome.js";
import type { Run } from "#src/tmpfiles/run.js";

export interface Wish {
  readonly create: Handler;
  readonly path: string;
  readonly glob?: boolean;
  readonly modifiers?: Partial<Modifiers>;
  readonly argument?: unknown;
  readonly content?: string;
  readonly mode?: number | Mode;
  readonly defaultMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export function makeItem(wish: Wish): Item {
  const path = bytes(wish.path);
  const owner = (id: number | undefined) => (id === undefined ? undefined : { id, onlyCreate: false });
  const mode =
    typeof wish.mode === "number" ? { bits: wish.mode, onlyCreate: false, masked: false } : wish.mode;
  return {
    source: { file: bytes("by-hand.conf"), line: 1, text: path },
    letter: "?",
    type: {
      title: "by hand",
      path: wish.glob === true ? "glob" : "exact",
      argument: "optional",
      modifiers: "",
      ownsPath: true,
      ages: false,
      ...(wish.defaultMode === undefined ? {} : { defaultMode: wish.defaultMode }),
      create: wish.create,
    },
    modifiers: { ...NO_MODIFIERS, ...wish.modifiers },
    path,
    argument: wish.argument,
    argumentBytes: wish.content === undefined ? undefined : bytes(wish.content),
    mode,
    user: owner(wish.uid),
    group: owner(wish.gid),
    age: undefined,
  };
}

/** A run that keeps what is reported. */
export function makeRun(options: { readonly root?: string; readonly dry?: boolean } = {}): Run & {
  readonly events: Event[];
} {
  const events: Event[] = [];
  const reporter = { wantsKept: true, report: (event: Event) => void events.push(event) };
  const root: Bytes = bytes(options.root ?? "/");
  const hands = options.dry === true ? dryHands(root, reporter) : realHands(root, reporter);
  const walkHands = options.dry === true ? lookingWalkHands() : actingWalkHands;
  const walker = new Walker({ hands: walkHands, reporter });
  const outcome = new Outcome();
  return {
    root,
    hands,
    reporter,
    clock: systemClock,
    walker,
    outcome,
    opensAgeless: false,
    traceless: false,
    events,
  };
}

/** A directory for one test, gone after it. */
export function scratch(t: TestContext, below = "/var/tmp"): string {
  const path = mkdtempSync(`${below}/mayfly-test-`);
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
