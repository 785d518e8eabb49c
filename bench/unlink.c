/*
 * Makes COUNT files in DIR and unlinks them, and prints what one unlink cost this process alone, in user space and in the
 * kernel: cycles, instructions, and nanoseconds of CPU time. Cycles and instructions are 0 where they can't be counted.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static double cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static int counter(uint64_t what, int group) {
  struct perf_event_attr wanted;
  memset(&wanted, 0, sizeof wanted);
  wanted.size = sizeof wanted;
  wanted.type = PERF_TYPE_HARDWARE;
  wanted.config = what;
  wanted.disabled = group < 0;
  wanted.exclude_hv = 1;
  return syscall(SYS_perf_event_open, &wanted, 0, -1, group, 0);
}

static double counted(int fd) {
  uint64_t value = 0;
  return fd >= 0 && read(fd, &value, sizeof value) == sizeof value ? (double)value : 0;
}

int main(int argc, char **argv) {
  char name[32];
  int count = argc > 2 ? atoi(argv[2]) : 0;
  if (count < 1 || chdir(argv[1]) != 0) return 2;
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "f%d", i);
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    if (fd < 0) return 1;
    close(fd);
  }
  /* The watcher may read the events of the creation first. */
  usleep(300000);
  int cycles = counter(PERF_COUNT_HW_CPU_CYCLES, -1);
  int instructions = cycles < 0 ? -1 : counter(PERF_COUNT_HW_INSTRUCTIONS, cycles);
  double before = cpu();
  if (cycles >= 0) ioctl(cycles, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "f%d", i);
    if (unlink(name) != 0) return 1;
  }
  if (cycles >= 0) ioctl(cycles, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
  double spent = cpu() - before;
  printf("%.0f %.0f %.0f\n", counted(cycles) / count, counted(instructions) / count, spent / count);
  return 0;
}
