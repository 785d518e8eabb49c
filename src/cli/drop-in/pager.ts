/** Shows text through a pager. */
import type { OutputStream } from "../output-stream.js";

/**
 * Shows `text` through a pager as systemd-tmpfiles(8) does: only on a terminal, and with a pager of the user's choice
 * only if $SYSTEMD_PAGERSECURE is set. Returns false if no pager was run.
 */
export function page(text: Uint8Array, stdout: OutputStream, env: NodeJS.ProcessEnv = process.env): boolean {
  if (!stdout.isTerminal || env.TERM === "dumb") return false;
  const chosen = env.SYSTEMD_PAGER ?? env.PAGER;
  if (chosen === "" || chosen === "cat") return false;
  const secured = env.SYSTEMD_PAGERSECURE;
  // Whether the session is privileged is unknown here; without the variable, it is assumed to be.
  const secure =
    secured === undefined || !["0", "no", "n", "false", "f", "off"].includes(secured.toLowerCase());
  const trusted = secured !== undefined && chosen !== undefined && (!secure || /^less(\s|$)/.test(chosen));
  const pagers = trusted ? [chosen, "less"] : secure ? ["less"] : ["pager", "less", "more"];
  const child = {
    ...env,
    LESS: env.SYSTEMD_LESS ?? "FRSXMK",
    LESSCHARSET: env.SYSTEMD_LESSCHARSET ?? "utf-8",
    ...(secure ? { LESSSECURE: "1" } : {}),
  };
  return pagers.some((pager) => pipeTo(pager, text, child));
}

function pipeTo(pager: string, text: Uint8Array, env: NodeJS.ProcessEnv): boolean {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const done = spawnSync("/bin/sh", ["-c", pager], {
    input: text,
    env,
    stdio: ["pipe", "inherit", "inherit"],
  });
  // The shell exits with 126 or 127 if it cannot run the pager.
  return done.status !== null ? done.status !== 126 && done.status !== 127 : done.signal !== null;
}
