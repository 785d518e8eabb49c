/** A library to preload that moves the wall clock forward, because change and birth times cannot be set back. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOT_COMPARED, type Reference } from "../reference.js";
import { makeScratch, removeScratch } from "../scratch.js";

const SOURCE = `
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long shift(void) {
    static long seconds = -1;
    if (seconds < 0) { const char *text = getenv("MAYFLY_CLOCK_SHIFT"); seconds = text ? atol(text) : 0; }
    return seconds;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
    return result;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
`;

/** The real program with its clock, where an ordinary user may run them too. */
export interface Instrument {
  readonly binary: string;
  readonly clock: string;
  remove(): void;
}

/** Sets it up, or says why it can't be had. */
export function instrument(real: Reference): Instrument | { readonly missing: string } {
  if (real.missing !== undefined) return { missing: real.missing };
  const folder = makeScratch();
  const remove = (): void => removeScratch(folder);
  chmodSync(folder, 0o755);
  const source = join(folder, "clock.c");
  const clock = join(folder, "clock.so");
  const binary = join(folder, "systemd-tmpfiles");
  writeFileSync(source, SOURCE);
  copyFileSync(real.binary, binary);
  const compiled = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", clock, source], { encoding: "utf8" });
  if (compiled.status === 0) return { binary, clock, remove };
  remove();
  return { missing: `${NOT_COMPARED}: no C compiler for a clock that can be set` };
}
