/** Runs a Node program in a mount namespace that holds an image. */
import { mkdirSync } from "node:fs";
import { type Bytes, isUtf8, toText } from "../base/bytes.js";
import { absolutePath, ImageError, type ImageMount, planImage, withSystemPath } from "./plan.js";
import { parseImagePolicy } from "./policy.js";

/** Where the image is mounted in its private mount namespace; the same path as in systemd-tmpfiles. */
export const MOUNT_POINT = "/run/systemd/mount-rootfs";

/** The data for the program inside, passed as JSON in its first argument. */
export interface InsideImage<Data> {
  readonly image: string;
  readonly mounts: readonly ImageMount[];
  /** The process that waits for the program inside. */
  readonly parent: number;
  /** The caller's data. Bytes have one character per byte, so JSON can contain names that are not UTF-8. */
  readonly data: Data;
}

/**
 * Runs the Node program `entry` in a private mount namespace, in which it mounts the image (`mountImage`), and returns its
 * exit status. The namespace ends with the program: the kernel then unmounts the image and releases its loop devices,
 * which mount(8) has marked with LO_FLAGS_AUTOCLEAR. If this process ends first, even by SIGKILL, the program inside gets
 * SIGTERM (`mountImage`).
 *
 * @throws ImageError if the image cannot be read, its policy forbids it, or unshare(1) is missing
 */
export async function enterImage<Data>(
  image: Bytes,
  options: { readonly policy: Bytes | undefined; readonly readOnly: boolean },
  entry: string,
  data: Data,
): Promise<number> {
  if (!isUtf8(image)) throw new ImageError("The path of the image is not valid UTF-8.");
  const policy = parseImagePolicy(toText(options.policy ?? ("" as Bytes)));
  const mounts = planImage(image, policy, options.readOnly);
  mkdirSync(MOUNT_POINT, { recursive: true, mode: 0o755 });
  const inside: InsideImage<Data> = { image: absolutePath(image), mounts, parent: process.pid, data };
  const args = ["--mount", "--propagation", "private", process.execPath, entry, JSON.stringify(inside)];
  return runToEnd("unshare", args);
}

function runToEnd(program: string, args: readonly string[]): Promise<number> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const { constants } = process.getBuiltinModule("node:os");
  const child = spawn(program, args, { stdio: "inherit", env: withSystemPath(process.env) });
  // Forward signals that only this process got. The child gets a terminal's signals itself, and the first one ends it.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, forward);
  return new Promise<number>((resolve, reject) => {
    child.once("error", (error) =>
      reject(
        new ImageError(`Failed to run ${program}, which is required (install util-linux): ${error.message}`),
      ),
    );
    child.once("exit", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      // If a signal ended the child, end this process by the same signal; the listeners were removed.
      if (signal !== null) process.kill(process.pid, signal);
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
}
