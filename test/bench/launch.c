// Starts processes and times them, with as little of its own between them as can be: vfork-like start, wait4, the
// monotonic clock. It reads cases from a file and runs them in turns, so that whatever the machine does in
// between falls on all of them alike. Prints one line per sample: case, nanoseconds, processor microseconds, peak KiB,
// exit status.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CASES = 64, MAX_WORDS = 64 };

struct child_case {
  char *name, *input, *empty, *gone;
  char *argv[MAX_WORDS + 1], *env[MAX_WORDS + 1];
  int args, vars, times, together, piped;
};

static struct child_case cases[MAX_CASES];
static int case_count;

static void die(const char *what) {
  perror(what);
  exit(2);
}

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void take(char *line) {
  char *value = strchr(line, '\t');
  if (value == NULL) return;
  *value++ = 0;
  value = strdup(value);
  if (strcmp(line, "case") == 0) {
    if (case_count == MAX_CASES) exit(2);
    cases[case_count++] = (struct child_case){.name = value, .input = "/dev/null", .times = 1};
    return;
  }
  struct child_case *c = &cases[case_count - 1];
  if (strcmp(line, "arg") == 0 && c->args < MAX_WORDS) c->argv[c->args++] = value;
  if (strcmp(line, "env") == 0 && c->vars < MAX_WORDS) c->env[c->vars++] = value;
  if (strcmp(line, "stdin") == 0) c->input = value;
  if (strcmp(line, "pipes") == 0) c->piped = 1;
  if (strcmp(line, "times") == 0) c->times = atoi(value);
  if (strcmp(line, "together") == 0) c->together = atoi(value);
  if (strcmp(line, "empty") == 0) c->empty = value;
  if (strcmp(line, "gone") == 0) c->gone = value;
}

/** What must not be there when a process starts: one file, or all that lies in a cache directory, locks too. */
static void prepare(const struct child_case *c) {
  if (c->gone != NULL) unlink(c->gone);
  DIR *dir = c->empty == NULL ? NULL : opendir(c->empty);
  struct dirent *entry;
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    if (unlinkat(dirfd(dir), entry->d_name, 0) != 0) unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
  }
  if (dir != NULL) closedir(dir);
}

/** As Docker does it: the server is written to a pipe that is then closed, the answer is read from another. */
static pid_t start(struct child_case *c, int *answer) {
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (c->piped) {
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) die("pipe");
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, c->input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid;
  if (posix_spawn(&pid, c->argv[0], &actions, NULL, c->argv, c->env) != 0) die(c->argv[0]);
  posix_spawn_file_actions_destroy(&actions);
  if (c->piped) {
    char text[4096];
    int file = open(c->input, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, text, sizeof text);
    if (length > 0 && write(in[1], text, length) != length) die("write");
    close(file);
    close(in[0]);
    close(in[1]);
    close(out[1]);
  }
  *answer = out[0];
  return pid;
}

static long cpu_us(const struct rusage *usage) {
  return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000L + usage->ru_utime.tv_usec +
         usage->ru_stime.tv_usec;
}

static int status_of(int ended) {
  return WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
}

static void run_one(struct child_case *c) {
  struct rusage usage;
  char answer[65536];
  long peak = 0, cpu = 0;
  int status = 0, out;
  prepare(c);
  long long start_ns = now_ns();
  for (int i = 0; i < c->times; i++) {
    pid_t pid = start(c, &out);
    while (out >= 0 && read(out, answer, sizeof answer) > 0) {
    }
    int ended;
    if (wait4(pid, &ended, 0, &usage) != pid) die("wait4");
    if (out >= 0) close(out);
    if (usage.ru_maxrss > peak) peak = usage.ru_maxrss;
    if (ended != 0) status = status_of(ended);
    cpu += cpu_us(&usage);
  }
  printf("%s\t%lld\t%ld\t%ld\t%d\n", c->name, now_ns() - start_ns, cpu, peak, status);
}

/** All at once; each process's time counts from the start of the first. */
static void run_together(struct child_case *c) {
  int none;
  prepare(c);
  long long start_ns = now_ns();
  for (int i = 0; i < c->together; i++) start(c, &none);
  for (int i = 0; i < c->together; i++) {
    struct rusage usage;
    int ended;
    if (wait4(-1, &ended, 0, &usage) < 0) die("wait4");
    printf("%s\t%lld\t%ld\t%ld\t%d\n", c->name, now_ns() - start_ns, cpu_us(&usage), usage.ru_maxrss,
           status_of(ended));
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *file = fopen(argv[1], "r");
  if (file == NULL) die(argv[1]);
  int rounds = atoi(argv[2]);
  char line[65536];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = 0;
    take(line);
  }
  int order[MAX_CASES];
  for (int i = 0; i < case_count; i++) order[i] = i;
  for (int round = 0; round < rounds; round++) {
    // Another order each round: what ran before leaves the caches warm or cold.
    for (int i = case_count - 1; i > 0; i--) {
      int other = rand() % (i + 1), kept = order[i];
      order[i] = order[other];
      order[other] = kept;
    }
    for (int i = 0; i < case_count; i++) {
      struct child_case *c = &cases[order[i]];
      if (c->together > 0) run_together(c);
      else run_one(c);
    }
  }
  return 0;
}
