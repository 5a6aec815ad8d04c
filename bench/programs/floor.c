// The floor of running commands: posix_spawn and waitpid, so many at a time, and nothing else.
// Usage: floor CALLS WIDTH PROGRAM [ARGUMENT...]. Prints the calls a second.

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **values) {
  if (count < 4) return 2;
  int calls = atoi(values[1]), width = atoi(values[2]), running = 0;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  double start = now();
  for (int left = calls; left > 0 || running > 0;) {
    if (left > 0 && running < width) {
      pid_t pid;
      if (posix_spawn(&pid, values[3], &files, NULL, values + 3, environ) != 0) return 1;
      left--;
      running++;
    } else {
      int status;
      if (wait(&status) < 0 || status != 0) return 1;
      running--;
    }
  }
  printf("%f\n", calls / (now() - start));
  return 0;
}
