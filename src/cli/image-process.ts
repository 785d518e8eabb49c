/** Entry of the process that mounts an image and runs the command line in it; image-command.ts starts it. */
import { bytes } from "../base/bytes.js";
import { type InsideImage, MOUNT_POINT, mountImage } from "../image/index.js";
import { start } from "./main.js";
import type { ProgramStart } from "./options.js";
import { openOutputStream } from "./output-stream.js";

async function main(inside: InsideImage<Omit<ProgramStart, "mountedImage">>): Promise<number> {
  try {
    mountImage(inside);
  } catch (error) {
    const stderr = openOutputStream(2);
    stderr.write(`Failed to mount image: ${(error as Error).message}\n`);
    stderr.flush();
    return 1;
  }
  return start({ ...inside.data, mountedImage: bytes(MOUNT_POINT) });
}

main(JSON.parse(process.argv[2] ?? "{}") as Parameters<typeof main>[0]).then((status) => {
  process.exitCode = status;
});
