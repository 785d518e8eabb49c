/** Programs of processes, from fanotify's exec events. */
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
import { readMountInfo } from "../../sys/mountinfo.js";
import { currentPath } from "../../sys/processes.js";

interface Executed {
  readonly program: Bytes;
  readonly round: number;
}

/** Processes do not call execve(2) exactly in the order of their PIDs. */
const OUT_OF_ORDER = 1_000;
const REMEMBERED = 65_536;
/** The loader is opened for execution too, after its program. */
const LOADER = /^ld(-linux|-musl|64|\.so|-[0-9])/;
/** A batch of these events opens as many files. */
const BUFFER_LENGTH = 24 * 256;

/** The program of each process, from the event of its execution. For hosts on which the recorder does not work. */
export class ExecEvents {
  readonly #group: Fd;
  readonly #programs = new Map<number, Executed>();
  /** PIDs wrap around: the number of rounds so far, and the last PID. */
  #round = 0;
  #last = 0;
  readonly #buffer = Buffer.alloc(BUFFER_LENGTH);

  /** Watches all mounted file systems that allow execution. */
  constructor() {
    this.#group = fanotifyInit(FAN_UNLIMITED_QUEUE, O_RDONLY | O_NOATIME);
    this.#mark("/" as Bytes);
    for (const { point, options } of readMountInfo()) {
      if (options.includes("noexec")) continue;
      try {
        this.#mark(point);
      } catch {
        // Not a directory, hidden by another mount, or on a file system that does not support marks.
      }
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

  /** Also undefined if the PID may now belong to a process that has not called execve(2). */
  programOf(pid: number): Bytes | undefined {
    const found = this.#programs.get(pid);
    if (found === undefined) return undefined;
    const rounds = this.#round - found.round;
    return rounds === 0 || (rounds === 1 && pid > this.#last + OUT_OF_ORDER) ? found.program : undefined;
  }

  close(): void {
    this.#group.close();
  }

  #mark(path: Bytes): void {
    using directory = openat(Fd.cwd, path, O_DIRECTORY);
    fanotifyMark(this.#group, FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC, directory);
  }

  #note(pid: number, program: Bytes): void {
    if (LOADER.test(basename(program))) return;
    if (pid < this.#last - OUT_OF_ORDER) this.#round++;
    this.#last = pid;
    this.#programs.delete(pid);
    this.#programs.set(pid, { program, round: this.#round });
    const oldest = this.#programs.size > REMEMBERED ? this.#programs.keys().next().value : undefined;
    if (oldest !== undefined) this.#programs.delete(oldest);
  }
}
