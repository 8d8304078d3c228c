/*
 * The floor: one thread, one `send()` for each message to a TCP socket, nothing else. Whoever connects is a recipient, in the
 * order of coming. Commands come as lines on stdin, answers go as JSON lines to stdout; it ends when stdin does.
 *
 *   run ROUNDS BURST   BURST messages to each socket, one after the other, ROUNDS times   -> {"event":"done",…}
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SOCKETS = 19000, MESSAGE_BYTES = 300, FRAME_BYTES = 4 + MESSAGE_BYTES };

static int sockets[MAX_SOCKETS];
static int count;
static uint32_t seq;

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t cpu_us(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u + (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void die(const char *what) {
  fprintf(stderr, "raw-send: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* A text frame of 300 bytes, as the other servers send it. */
static void write_frame(uint8_t *frame, uint32_t recipient, uint32_t number) {
  char head[200];
  int length = snprintf(head, sizeof head,
                        "{\"type\":\"event\",\"event\":\"message.created\",\"data\":{\"bench\":\"%07u %09u %019u\",\"text\":\"", recipient,
                        number, 0u);
  frame[0] = 0x81;
  frame[1] = 126;
  frame[2] = MESSAGE_BYTES >> 8;
  frame[3] = MESSAGE_BYTES & 0xff;
  memset(frame + 4, 'x', MESSAGE_BYTES);
  memcpy(frame + 4, head, (size_t)length);
  memcpy(frame + FRAME_BYTES - 3, "\"}}", 3);
}

static void send_all(int fd, const uint8_t *frame) {
  size_t sent = 0;
  while (sent < FRAME_BYTES) {
    ssize_t n = send(fd, frame + sent, FRAME_BYTES - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) sent += (size_t)n;
    else if (n < 0 && errno == EAGAIN) poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
    else if (n < 0 && errno != EINTR) die("send");
  }
}

static void run(int rounds, int burst) {
  size_t messages = (size_t)rounds * (size_t)burst * (size_t)count;
  uint8_t *frames = malloc(messages * FRAME_BYTES + 1);
  if (frames == NULL) die("malloc");
  uint8_t *next = frames;
  for (int r = 0; r < rounds; r++)
    for (int i = 0; i < count; i++)
      for (int b = 1; b <= burst; b++, next += FRAME_BYTES) write_frame(next, (uint32_t)i, seq + (uint32_t)(r * burst + b));
  seq += (uint32_t)(rounds * burst);
  uint64_t cpu = cpu_us(), wall = now_us();
  next = frames;
  for (int r = 0; r < rounds; r++)
    for (int i = 0; i < count; i++)
      for (int b = 0; b < burst; b++, next += FRAME_BYTES) send_all(sockets[i], next);
  cpu = cpu_us() - cpu;
  wall = now_us() - wall;
  free(frames);
  printf("{\"event\":\"done\",\"messages\":%zu,\"cpuUs\":%lu,\"wallUs\":%lu}\n", messages, cpu, wall);
}

static void on_command(void) {
  char line[256];
  int rounds, burst;
  ssize_t got = read(0, line, sizeof line - 1);
  if (got <= 0) exit(0);
  line[got] = 0;
  if (sscanf(line, "run %d %d", &rounds, &burst) == 2) run(rounds, burst);
}

static void on_connection(int listener) {
  int yes = 1;
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  if (fd < 0 || count >= MAX_SOCKETS) die("accept");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockets[count++] = fd;
}

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 4096) != 0) die("listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("{\"event\":\"listening\",\"port\":%d}\n", ntohs(address.sin_port));
  struct pollfd watched[2] = {{.fd = 0, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
  for (;;) {
    poll(watched, 2, -1);
    if (watched[0].revents) on_command();
    if (watched[1].revents) on_connection(listener);
  }
}
