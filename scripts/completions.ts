/** The completions by file name, for bash, zsh and fish. */
import { bash } from "./completions/bash.js";
import { completedCommands } from "./completions/commands.js";
import { fish } from "./completions/fish.js";
import { zsh } from "./completions/zsh.js";

export async function completions(): Promise<Map<string, string>> {
  const commands = await completedCommands();
  return new Map([
    ["mayfly.bash", bash(commands)],
    ["_mayfly", zsh(commands)],
    ["mayfly.fish", fish(commands)],
  ]);
}
