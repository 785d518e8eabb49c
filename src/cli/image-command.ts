/** Runs the command line again inside a disk image (--image). */
import { fileURLToPath } from "node:url";
import { type Bytes, bytes, escapeForDisplay } from "../base/bytes.js";
import { enterImage, ImageError } from "../image/index.js";
import type { ProgramStart } from "./options.js";
import type { OutputStream } from "./output-stream.js";

/** Returns the exit status of the command line that was run in the image. */
export async function runInImage(
  image: Bytes,
  options: { readonly policy: Bytes | undefined; readonly readOnly: boolean },
  { how, stderr }: { readonly how: ProgramStart; readonly stderr: OutputStream },
): Promise<number> {
  try {
    const entry = fileURLToPath(new URL("./image-process.js", import.meta.url));
    return await enterImage(image, options, entry, { startedAs: how.startedAs, args: how.args });
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    stderr.write(`${escapeForDisplay(bytes(error.message))}\n`);
    return 1;
  }
}
