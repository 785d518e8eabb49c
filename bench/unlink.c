/* Makes COUNT files in DIR and unlinks them: prints the CPU time of one unlink, in nanoseconds. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static double cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

int main(int argc, char **argv) {
  char name[32];
  int count = argc > 2 ? atoi(argv[2]) : 0;
  if (argc < 3 || chdir(argv[1]) != 0) return 2;
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "f%d", i);
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    if (fd < 0) return 1;
    close(fd);
  }
  /* What watches may read what it was told of the making. */
  usleep(300000);
  double before = cpu();
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "f%d", i);
    if (unlink(name) != 0) return 1;
  }
  printf("%.0f\n", (cpu() - before) / count);
  return 0;
}
