import { type Bytes, basename } from "../../base/bytes.js";
import {
  decodeEvents,
  FAN_MARK_FILESYSTEM,
  FAN_OPEN_EXEC,
  FAN_UNLIMITED_QUEUE,
  fanotifyInit,
  fanotifyMark,
  readEvents,
} from "../../sys/fanotify.js";
import { Fd, O_DIRECTORY, O_NOATIME, O_RDONLY, openat } from "../../sys/files.js";
import { currentPath } from "../../sys/processes.js";

const REMEMBERED = 65_536;
/** The loader is opened for execution too, after the program that names it. */
const LOADER = /^ld(-linux|-musl|64|\.so|-[0-9])/;
/** A batch of these events opens as many files. */
const BUFFER_LENGTH = 24 * 256;

/** The program of each process, by the event of its execution: where the recorder can't be had. */
export class ExecEvents {
  readonly #group: Fd;
  readonly #programs = new Map<number, Bytes>();
  readonly #buffer = Buffer.alloc(BUFFER_LENGTH);

  /** Of the programs on the file systems that these paths are on. */
  constructor(paths: readonly Bytes[]) {
    this.#group = fanotifyInit(FAN_UNLIMITED_QUEUE, O_RDONLY | O_NOATIME);
    for (const path of paths) {
      using directory = openat(Fd.cwd, path, O_DIRECTORY);
      fanotifyMark(this.#group, FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC, directory);
    }
  }

  get fd(): Fd {
    return this.#group;
  }

  read(): void {
    for (let length = 1; length > 0; ) {
      length = readEvents(this.#group, this.#buffer);
      for (const { fd, pid } of decodeEvents(this.#buffer, length)) {
        if (fd < 0) continue;
        using file = new Fd(fd, "executed" as Bytes);
        this.#note(pid, currentPath(file));
      }
    }
  }

  programOf(pid: number): Bytes | undefined {
    return this.#programs.get(pid);
  }

  close(): void {
    this.#group.close();
  }

  #note(pid: number, program: Bytes): void {
    if (LOADER.test(basename(program))) return;
    this.#programs.delete(pid);
    this.#programs.set(pid, program);
    const oldest = this.#programs.size > REMEMBERED ? this.#programs.keys().next().value : undefined;
    if (oldest !== undefined) this.#programs.delete(oldest);
  }
}
