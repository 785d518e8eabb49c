/** Runs the command line again in a mount namespace that holds the image. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { type Bytes, bytes, escapeForDisplay, isUtf8, toText } from "../base/bytes.js";
import type { Start } from "../cli/options.js";
import type { OutputStream } from "../cli/output-stream.js";
import { absolutePath, ImageError, type ImageMount, planImage, withSystemPath } from "./plan.js";
import { parseImagePolicy } from "./policy.js";

/** Where the image is mounted, in a mount namespace that nobody else sees: as systemd-tmpfiles has it. */
export const MOUNT_POINT = "/run/systemd/mount-rootfs";

/** What the process inside is told. */
export interface Inside {
  readonly startedAs: Bytes;
  /** All arguments, `--image` among them. One character a byte, so that JSON carries names that are not UTF-8. */
  readonly args: readonly Bytes[];
  readonly image: string;
  readonly mounts: readonly ImageMount[];
}

/**
 * Runs this command line again in a mount namespace of its own, with the image mounted there, and returns its exit
 * status. However it ends, the namespace ends with it: the kernel then unmounts, and lets the loop devices go, which
 * mount(8) has marked for that (LO_FLAGS_AUTOCLEAR).
 */
export async function enterImage(
  image: Bytes,
  options: { readonly policy: Bytes | undefined; readonly readOnly: boolean },
  { how, stderr }: { readonly how: Start; readonly stderr: OutputStream },
): Promise<number> {
  try {
    if (!isUtf8(image)) throw new ImageError("The path of an image has to be UTF-8.");
    const policy = parseImagePolicy(toText(options.policy ?? ("" as Bytes)));
    const mounts = planImage(image, policy, options.readOnly);
    mkdirSync(MOUNT_POINT, { recursive: true, mode: 0o755 });
    const inside: Inside = { startedAs: how.startedAs, args: how.args, image: absolutePath(image), mounts };
    const entry = fileURLToPath(new URL("./inside.js", import.meta.url));
    const args = ["--mount", "--propagation", "private", process.execPath, entry, JSON.stringify(inside)];
    return await runToEnd("unshare", args);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    stderr.write(`${escapeForDisplay(bytes(error.message))}\n`);
    return 1;
  }
}

function runToEnd(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: "inherit", env: withSystemPath(process.env) });
  // A signal to us alone has to reach the one that works; from a terminal it has it already, and dies of the first.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, forward);
  return new Promise<number>((resolve, reject) => {
    child.once("error", (error) =>
      reject(new ImageError(`${program} (util-linux) is needed: ${error.message}`)),
    );
    child.once("exit", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
}
