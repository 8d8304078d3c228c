/*
 * Receives what a WebSocket server pushes, so cheaply that the client is not what is measured. One thread, epoll, no
 * allocation per frame. Commands come as lines on stdin, answers go as JSON lines to stdout; it ends when stdin does.
 *
 *   receiver HOST PORT PATH MODE CONCURRENCY [PROTOCOLS]
 *     MODE       raw: no handshake · open: a connection counts once upgraded · ready: once its first text frame is there
 *     PROTOCOLS  a file, line i = what connection i offers as Sec-WebSocket-Protocol
 *
 *   open N       opens N more connections            -> {"event":"open",…}
 *   stall N      N more connections stop reading     -> {"event":"stalled","from":I,"count":N}
 *   reset        forgets counts and latencies, and polls without sleeping until the answer to `await`  -> {"event":"reset"}
 *   await N MS   waits for N frames or MS            -> {"event":"stats",…}
 *   close        ends all connections                -> {"event":"closed"}
 *
 * Without sleep, because on loopback a sender pays for waking its receiver: 1 to 4 us per message, and more the slower it sends, so
 * the client would be part of what is measured. `cpuUs` is the time in which there was something to do.
 *
 * A measured frame holds "bench":"RRRRRRR SSSSSSSSS TTTTTTTTTTTTTTTTTTT": recipient, seq from 1, due time (ns, monotonic; 0: none).
 * Frames of a connection that was stalled are counted apart and not checked: what it misses is told by watermarks.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 19000, BUCKET_NS = 10000, BUCKETS = 400000, READ_BYTES = 1 << 18, SOURCES = 4, RECIPIENTS = 1 << 20 };
enum state { UNUSED, CONNECTING, UPGRADING, AWAITING_READY, OPEN, ENDED };

struct connection {
  int fd;
  enum state state;
  int stalled, known;
  uint32_t recipient, last;
  uint64_t seen; /* bit i: seq `last - i` came */
  uint8_t *rest;
  uint32_t rest_bytes, rest_room;
};

struct counts {
  uint64_t frames, bytes, lost, duplicated, reordered, misrouted, other, stalled_frames, told, closed, latencies;
};

static struct connection connections[MAX_CONNECTIONS];
static struct counts counts;
static uint32_t histogram[BUCKETS + 1];
static uint8_t taken[RECIPIENTS];
static uint8_t input[READ_BYTES];
static char *protocols[MAX_CONNECTIONS];
static struct sockaddr_in server;
static const char *host, *path;
static int epoll_fd, is_raw, needs_ready, concurrency;
static int begun, wanted, opening, opened, failed, stalled;
static uint64_t asked_frames, deadline_ns, reset_ns, open_ns;
static uint64_t idle_ns;
static int is_awaiting, is_opening, is_measuring;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "receiver: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void end_connection(struct connection *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  free(c->rest);
  c->rest = NULL;
  c->rest_bytes = c->rest_room = 0;
  if (c->state < OPEN) {
    opening--;
    failed++;
  } else {
    counts.closed++;
  }
  c->state = ENDED;
}

static void become_open(struct connection *c) {
  c->state = OPEN;
  opening--;
  opened++;
}

static void begin_connection(int index) {
  struct connection *c = &connections[index];
  int yes = 1;
  memset(c, 0, sizeof *c);
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) die("socket");
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(index % SOURCES))};
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (bind(c->fd, (struct sockaddr *)&source, sizeof source) != 0) die("bind");
  c->state = CONNECTING;
  opening++;
  if (connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS) {
    end_connection(c);
    return;
  }
  struct epoll_event e = {.events = EPOLLOUT, .data.u32 = (uint32_t)index};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e) != 0) die("epoll_ctl");
}

static void on_connected(struct connection *c, int index) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
  if (error != 0 || epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e) != 0) {
    end_connection(c);
    return;
  }
  if (is_raw) {
    become_open(c);
    return;
  }
  char request[4096];
  const char *offer = protocols[index];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                        path, host, offer ? "Sec-WebSocket-Protocol: " : "", offer ? offer : "", offer ? "\r\n" : "");
  if (length >= (int)sizeof request || send(c->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
    end_connection(c);
    return;
  }
  c->state = UPGRADING;
}

static uint64_t digits(const uint8_t *text, int length) {
  uint64_t value = 0;
  for (int i = 0; i < length; i++) value = value * 10 + (uint64_t)(text[i] - '0');
  return value;
}

/* Lost until it comes: a gap counts as lost, and what closes it later as reordered instead. */
static void check_order(struct connection *c, uint32_t seq) {
  if (seq > c->last) {
    uint32_t step = seq - c->last;
    counts.lost += step - 1;
    c->seen = step >= 64 ? 1 : (c->seen << step) | 1;
    c->last = seq;
    return;
  }
  uint32_t back = c->last - seq;
  if (back < 64 && (c->seen >> back & 1) == 0) {
    c->seen |= (uint64_t)1 << back;
    counts.reordered++;
    counts.lost--;
  } else {
    counts.duplicated++;
  }
}

static void check_recipient(struct connection *c, uint32_t recipient) {
  if (!c->known) {
    c->known = 1;
    c->recipient = recipient;
    if (recipient >= RECIPIENTS || taken[recipient]++) counts.misrouted++;
  } else if (c->recipient != recipient) {
    counts.misrouted++;
  }
}

static void count_latency(uint64_t due_ns, uint64_t at_ns) {
  uint64_t late = at_ns > due_ns ? (at_ns - due_ns) / BUCKET_NS : 0;
  histogram[late < BUCKETS ? late : BUCKETS]++;
  counts.latencies++;
}

static void on_text(struct connection *c, const uint8_t *text, uint64_t length, uint64_t at_ns) {
  static const char mark[] = "\"bench\":\"";
  const uint8_t *found = memmem(text, length, mark, sizeof mark - 1);
  if (found == NULL || (uint64_t)(text + length - found) < sizeof mark - 1 + 37) {
    counts.other++;
    if (memmem(text, length, "\"watermark\"", 11) || memmem(text, length, "\"resync\"", 8)) counts.told++;
    if (c->state == AWAITING_READY) become_open(c);
    return;
  }
  const uint8_t *fields = found + sizeof mark - 1;
  if (c->stalled) {
    counts.stalled_frames++;
    return;
  }
  counts.frames++;
  counts.bytes += length;
  check_recipient(c, (uint32_t)digits(fields, 7));
  check_order(c, (uint32_t)digits(fields + 8, 9));
  uint64_t due_ns = digits(fields + 18, 19);
  if (due_ns > 0) count_latency(due_ns, at_ns);
}

static void on_ping(struct connection *c, const uint8_t *payload, uint64_t length) {
  uint8_t pong[131] = {0x8a, (uint8_t)(0x80 | length)}; /* masked with zeros */
  if (length > 125) return;
  memcpy(pong + 6, payload, length);
  if (send(c->fd, pong, 6 + length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) end_connection(c);
}

/* Handles the whole frames of `data`; returns how many bytes they are. */
static size_t read_frames(struct connection *c, const uint8_t *data, size_t size, uint64_t at_ns) {
  size_t at = 0;
  while (c->state != ENDED && size - at >= 2) {
    uint64_t length = data[at + 1] & 0x7f;
    size_t head = 2;
    if (length == 126) {
      if (size - at < 4) break;
      length = (uint64_t)data[at + 2] << 8 | data[at + 3];
      head = 4;
    } else if (length == 127) {
      if (size - at < 10) break;
      length = 0;
      for (int i = 0; i < 8; i++) length = length << 8 | data[at + 2 + (size_t)i];
      head = 10;
    }
    if (size - at - head < length) break;
    int opcode = data[at] & 0x0f;
    const uint8_t *payload = data + at + head;
    if (opcode == 1) on_text(c, payload, length, at_ns);
    else if (opcode == 9) on_ping(c, payload, length);
    else if (opcode == 8) end_connection(c);
    at += head + length;
  }
  return at;
}

/* The end of the upgrade's answer, or 0 while it is not there. */
static size_t read_answer(struct connection *c, const uint8_t *data, size_t size) {
  const uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  if (size < 12 || memcmp(data, "HTTP/1.1 101", 12) != 0) {
    end_connection(c);
    return size;
  }
  c->state = AWAITING_READY;
  if (!needs_ready) become_open(c);
  return (size_t)(end - data) + 4;
}

static size_t consume(struct connection *c, const uint8_t *data, size_t size, uint64_t at_ns) {
  size_t used = 0;
  if (c->state == UPGRADING) used = read_answer(c, data, size);
  if (c->state == AWAITING_READY || c->state == OPEN) used += read_frames(c, data + used, size - used, at_ns);
  return used;
}

static void keep_rest(struct connection *c, const uint8_t *data, size_t size) {
  if (size > c->rest_room) {
    c->rest_room = (uint32_t)size + 512;
    c->rest = realloc(c->rest, c->rest_room);
    if (c->rest == NULL) die("realloc");
  }
  if (size > 0) memcpy(c->rest, data, size);
  c->rest_bytes = (uint32_t)size;
}

static void on_readable(struct connection *c) {
  size_t before = c->rest_bytes;
  if (before > 0) memcpy(input, c->rest, before);
  ssize_t got = recv(c->fd, input + before, sizeof input - before, 0);
  if (got <= 0) {
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    end_connection(c);
    return;
  }
  size_t size = before + (size_t)got;
  size_t used = consume(c, input, size, now_ns());
  if (c->state != ENDED) keep_rest(c, input + used, size - used);
}

static uint64_t percentile_us(double share) {
  uint64_t rank = (uint64_t)(share * (double)counts.latencies), sum = 0;
  for (uint32_t bucket = 0; bucket <= BUCKETS; bucket++) {
    sum += histogram[bucket];
    if (sum > rank) return (uint64_t)bucket * BUCKET_NS / 1000;
  }
  return 0;
}

static void tell_stats(void) {
  uint64_t wall_ns = now_ns() - reset_ns;
  is_awaiting = is_measuring = 0;
  printf("{\"event\":\"stats\",\"frames\":%lu,\"bytes\":%lu,\"lost\":%lu,\"duplicated\":%lu,\"reordered\":%lu,\"misrouted\":%lu,"
         "\"other\":%lu,\"told\":%lu,\"stalledFrames\":%lu,\"closed\":%lu,\"latencies\":%lu,\"p50Us\":%lu,\"p90Us\":%lu,\"p99Us\":%lu,"
         "\"p999Us\":%lu,\"cpuUs\":%lu,\"wallUs\":%lu}\n",
         counts.frames, counts.bytes, counts.lost, counts.duplicated, counts.reordered, counts.misrouted, counts.other, counts.told,
         counts.stalled_frames, counts.closed, counts.latencies, percentile_us(0.5), percentile_us(0.9), percentile_us(0.99),
         percentile_us(0.999), (wall_ns - idle_ns) / 1000, wall_ns / 1000);
}

static void reset(void) {
  memset(&counts, 0, sizeof counts);
  memset(histogram, 0, sizeof histogram);
  idle_ns = 0;
  reset_ns = now_ns();
}

static void stall(int count) {
  int from = stalled;
  for (; stalled < begun && stalled < from + count; stalled++) {
    struct connection *c = &connections[stalled];
    c->stalled = 1;
    if (c->state == OPEN) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
  }
  printf("{\"event\":\"stalled\",\"from\":%d,\"count\":%d}\n", from, stalled - from);
}

static void close_all(void) {
  for (int i = 0; i < begun; i++) {
    if (connections[i].state != ENDED && connections[i].state != UNUSED) end_connection(&connections[i]);
  }
  memset(taken, 0, sizeof taken);
  begun = wanted = opening = opened = failed = stalled = 0;
  printf("{\"event\":\"closed\"}\n");
}

static void run_command(const char *line) {
  int a = 0;
  long b = 0;
  if (sscanf(line, "open %d", &a) == 1) {
    wanted = wanted + a > MAX_CONNECTIONS ? MAX_CONNECTIONS : wanted + a;
    is_opening = 1;
    open_ns = now_ns();
  } else if (sscanf(line, "await %d %ld", &a, &b) == 2) {
    is_awaiting = 1;
    asked_frames = (uint64_t)a;
    deadline_ns = now_ns() + (uint64_t)b * 1000000u;
  } else if (sscanf(line, "stall %d", &a) == 1) {
    stall(a);
  } else if (strcmp(line, "reset") == 0) {
    reset();
    is_measuring = 1;
    printf("{\"event\":\"reset\"}\n");
  } else if (strcmp(line, "close") == 0) {
    close_all();
  }
}

static void on_commands(void) {
  static char text[4096];
  static size_t length;
  ssize_t got = read(0, text + length, sizeof text - 1 - length);
  if (got <= 0) exit(0);
  length += (size_t)got;
  text[length] = 0;
  char *line = text;
  for (char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
    *end = 0;
    run_command(line);
    line = end + 1;
  }
  length -= (size_t)(line - text);
  memmove(text, line, length);
}

static void go_on_opening(void) {
  while (begun < wanted && opening < concurrency) begin_connection(begun++);
  if (!is_opening || opened + failed < wanted) return;
  is_opening = 0;
  printf("{\"event\":\"open\",\"connections\":%d,\"failed\":%d,\"ms\":%lu}\n", opened, failed, (now_ns() - open_ns) / 1000000);
}

static void read_protocols(const char *file) {
  FILE *in = fopen(file, "r");
  char line[4096];
  if (in == NULL) die(file);
  for (int i = 0; i < MAX_CONNECTIONS && fgets(line, sizeof line, in) != NULL; i++) {
    line[strcspn(line, "\r\n")] = 0;
    protocols[i] = strdup(line);
  }
  fclose(in);
}

static void handle(const struct epoll_event *e) {
  if (e->data.u32 == UINT32_MAX) {
    on_commands();
    return;
  }
  struct connection *c = &connections[e->data.u32];
  if (c->state == CONNECTING) on_connected(c, (int)e->data.u32);
  else if (c->state != ENDED && c->state != UNUSED) on_readable(c);
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: receiver HOST PORT PATH raw|open|ready CONCURRENCY [PROTOCOLS]\n");
    return 64;
  }
  host = argv[1];
  path = argv[3];
  is_raw = strcmp(argv[4], "raw") == 0;
  needs_ready = strcmp(argv[4], "ready") == 0;
  concurrency = atoi(argv[5]);
  if (argc > 6) read_protocols(argv[6]);
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  if (inet_pton(AF_INET, host, &server.sin_addr) != 1) die("HOST is no address");
  setvbuf(stdout, NULL, _IOLBF, 0);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event commands = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &commands) != 0) die("stdin");
  reset();
  struct epoll_event events[512];
  for (;;) {
    uint64_t asked_ns = is_measuring ? now_ns() : 0;
    int ready = epoll_wait(epoll_fd, events, 512, is_measuring ? 0 : is_awaiting ? 5 : -1);
    if (is_measuring && ready == 0) idle_ns += now_ns() - asked_ns;
    for (int i = 0; i < ready; i++) handle(&events[i]);
    go_on_opening();
    if (is_awaiting && (counts.frames >= asked_frames || now_ns() >= deadline_ns)) tell_stats();
  }
}
