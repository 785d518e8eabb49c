/** mayfly top: what is in a directory, whose it is, and when it goes, on the terminal. */
import { emitKeypressEvents } from "node:readline";
import { type Bytes, toBuffer } from "../../base/bytes.js";
import { reportSync } from "../../report/index.js";
import { colors } from "../colors.js";
import { INSPECTED, inspection } from "../inspect/options.js";
import { defineCommand, UsageError } from "../options.js";
import type { OutputStream } from "../output-stream.js";
import { TopModel, type TopOrder } from "../top/model.js";
import { enterScreen, leaveScreen, screenText } from "../top/screen.js";
import { progressOn } from "../verbs/progress.js";

const [CONFIG, USER] = INSPECTED;

export const top = defineCommand({
  name: "top",
  synopsis: "[OPTION]... [PATH]...",
  description: `Shows what is at or below each PATH on the terminal, whose it is, and when it will be removed; without PATH, in all
directories that the configuration cleans. It removes nothing and changes nothing, not even timestamps: it shows the command that
would remove the selected entry, the configuration line that decides about it, and what keeps it. mayfly report has the same as a
page.`,
  operands: "directory",
  options: [CONFIG, USER],
  examples: [["mayfly top /var/tmp", "Look around in /var/tmp"]],
  sections: [
    {
      title: "Keys",
      text: `**Up**, **Down**, **k**, **j**, **Page Up**, **Page Down**: move. **Enter**, **Right**, **l**: open the selected directory.
**Left**, **h**, **Escape**, **Backspace**: go back. **s**, **i**, **a**, **o**, **d**: sort by size, number of entries, age, owner or
days left. **q**, **Ctrl-C**: quit.`,
    },
    {
      title: "Exit status",
      text: `**0** on success; **65** if lines of the configuration are invalid: they are reported and ignored; **64** if the
command line is invalid, or if there is no terminal; **1** if a PATH does not exist or a specified configuration file cannot be
read.`,
    },
  ],
  async main({ options, operands, stdout, stderr }) {
    if (!stdout.isTerminal || !process.stdin.isTTY)
      throw new UsageError("standard input and output must be a terminal. For a file, use 'mayfly report'");
    const asked = inspection({ ...options, json: false }, { stdout, stderr });
    const progress = progressOn(stderr, "would remove");
    const settings = { ...asked.settings, onProgress: progress.update };
    const report = reportSync(operands.map(toBuffer), settings);
    progress.clear();
    const survey = (path: Bytes) => reportSync(toBuffer(path), { ...settings, at: report.from }).roots[0];
    await interact(new TopModel(report, survey), stdout);
    return asked.exitStatus();
  },
});

const PAGE = 10;

const ORDERS: Readonly<Record<string, TopOrder>> = {
  s: "size",
  i: "entries",
  a: "age",
  o: "owner",
  d: "days left",
};

const MOVES: Readonly<Record<string, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  pageup: -PAGE,
  pagedown: PAGE,
};
const OPENS: ReadonlySet<string> = new Set(["return", "enter", "right", "l"]);
const LEAVES: ReadonlySet<string> = new Set(["left", "h", "escape", "backspace"]);

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
}

/** Until the user quits. The terminal is as it was afterwards, also after an error. */
async function interact(model: TopModel, stdout: OutputStream): Promise<void> {
  const { stdin } = process;
  const colorize = colors(stdout);
  const draw = (): void => {
    const { columns = 80, rows = 24 } = process.stdout;
    stdout.write(screenText(model, colorize, { columns, rows }));
  };
  let quit: () => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    quit = resolve;
    fail = reject;
  });
  const press = (_: string | undefined, key: Key): void => {
    try {
      if (key.name === "q" || (key.ctrl === true && (key.name === "c" || key.name === "d"))) quit();
      else if (key.ctrl !== true && act(model, key.name ?? "")) draw();
    } catch (error) {
      fail(error);
    }
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdout.write(enterScreen());
  try {
    stdin.on("keypress", press);
    stdin.once("end", quit);
    process.on("SIGWINCH", draw);
    for (const signal of ["SIGTERM", "SIGHUP"] as const) process.once(signal, quit);
    draw();
    await ended;
  } finally {
    process.off("SIGWINCH", draw);
    stdin.off("keypress", press);
    stdin.pause();
    stdin.setRawMode(false);
    stdout.write(leaveScreen());
  }
}

/** Whether the key means something. */
function act(model: TopModel, name: string): boolean {
  const order = ORDERS[name];
  const move = MOVES[name];
  if (order !== undefined) model.sort(order);
  else if (move !== undefined) model.move(move);
  else if (OPENS.has(name)) model.open();
  else if (LEAVES.has(name)) model.leave();
  else return false;
  return true;
}
