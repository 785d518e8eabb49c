/** Runs a Node program in a mount namespace that holds an image. */
import { mkdirSync } from "node:fs";
import { type Bytes, isUtf8, toText } from "../base/bytes.js";
import { absolutePath, ImageError, type ImageMount, planImage, withSystemPath } from "./plan.js";
import { parseImagePolicy } from "./policy.js";

/** Where the image is mounted, in a mount namespace that nobody else sees: as systemd-tmpfiles has it. */
export const MOUNT_POINT = "/run/systemd/mount-rootfs";

/** What the program inside gets, as JSON in its first argument. */
export interface InsideImage<Data> {
  readonly image: string;
  readonly mounts: readonly ImageMount[];
  /** The caller's own. Bytes have one character a byte, so that JSON carries names that are not UTF-8. */
  readonly data: Data;
}

/**
 * Runs the Node program `entry` in a mount namespace of its own, where it mounts the image (`mountImage`), and returns its
 * exit status. However it ends, the namespace ends with it: the kernel then unmounts, and lets the loop devices go, which
 * mount(8) has marked for that (LO_FLAGS_AUTOCLEAR).
 *
 * @throws ImageError if the image cannot be read, its policy forbids it, or unshare(1) is missing
 */
export async function enterImage<Data>(
  image: Bytes,
  options: { readonly policy: Bytes | undefined; readonly readOnly: boolean },
  entry: string,
  data: Data,
): Promise<number> {
  if (!isUtf8(image)) throw new ImageError("The path of an image has to be UTF-8.");
  const policy = parseImagePolicy(toText(options.policy ?? ("" as Bytes)));
  const mounts = planImage(image, policy, options.readOnly);
  mkdirSync(MOUNT_POINT, { recursive: true, mode: 0o755 });
  const inside: InsideImage<Data> = { image: absolutePath(image), mounts, data };
  const args = ["--mount", "--propagation", "private", process.execPath, entry, JSON.stringify(inside)];
  return runToEnd("unshare", args);
}

function runToEnd(program: string, args: readonly string[]): Promise<number> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const { constants } = process.getBuiltinModule("node:os");
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
      // What the signal has ended inside, it ends outside, too: nobody listens for it any more.
      if (signal !== null) process.kill(process.pid, signal);
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
}
