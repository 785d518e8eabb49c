import { type Bytes, bytes } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { systemClock } from "#src/sys/clock.js";
import { dryRunWalkEffects, realWalkEffects } from "#src/tmpfiles/ageing/walk-effects.js";
import { Walker } from "#src/tmpfiles/ageing/walker.js";
import { dryRunEffects } from "#src/tmpfiles/effects/dry-run.js";
import { realEffects } from "#src/tmpfiles/effects/real.js";
import { defineLineType, type Handler, type Item } from "#src/tmpfiles/model/item.js";
import { Outcome } from "#src/tmpfiles/model/outcome.js";
import type { RunContext } from "#src/tmpfiles/model/run-context.js";
import type { Mode } from "#src/tmpfiles/syntax/mode.js";
import type { Modifiers } from "#src/tmpfiles/syntax/modifiers.js";
import { NO_MODIFIERS } from "#src/tmpfiles/syntax/modifiers.js";

export interface ItemSpec<Argument> {
  readonly create: Handler<Argument>;
  readonly path: string;
  readonly glob?: boolean;
  readonly modifiers?: Partial<Modifiers>;
  readonly argument?: Argument;
  readonly content?: string;
  readonly mode?: number | Mode;
  readonly defaultMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export function makeItem<Argument>(spec: ItemSpec<Argument>): Item {
  const path = bytes(spec.path);
  const owner = (id: number | undefined) => (id === undefined ? undefined : { id, onlyCreate: false });
  const mode =
    typeof spec.mode === "number" ? { bits: spec.mode, onlyCreate: false, masked: false } : spec.mode;
  return {
    source: { file: bytes("by-hand.conf"), line: 1, text: path },
    letter: "?",
    type: defineLineType({
      kind: "file",
      title: "by hand",
      path: spec.glob === true ? "glob" : "exact",
      argument: "optional",
      modifiers: "",
      ownsPath: true,
      ages: false,
      ...(spec.defaultMode === undefined ? {} : { defaultMode: spec.defaultMode }),
      // As in the table: the item has the argument that its handler expects.
      create: spec.create as Handler,
    }),
    modifiers: { ...NO_MODIFIERS, ...spec.modifiers },
    path,
    argument: spec.argument,
    argumentBytes: spec.content === undefined ? undefined : bytes(spec.content),
    mode,
    user: owner(spec.uid),
    group: owner(spec.gid),
    age: undefined,
  };
}

/** A run that collects its events. */
export function makeRun(options: { readonly root?: string; readonly dry?: boolean } = {}): RunContext & {
  readonly events: Event[];
} {
  const events: Event[] = [];
  const reporter = { wantsKept: true, report: (event: Event) => void events.push(event) };
  const root: Bytes = bytes(options.root ?? "/");
  const effects = options.dry === true ? dryRunEffects(root, reporter) : realEffects(root, reporter);
  const walkEffects = options.dry === true ? dryRunWalkEffects() : realWalkEffects();
  const walker = new Walker({ effects: walkEffects, reporter });
  const outcome = new Outcome();
  return {
    root,
    effects,
    reporter,
    clock: systemClock,
    isClockSynchronized: () => true,
    walker,
    outcome,
    opensAgeless: false,
    preserveAtime: false,
    events,
  };
}
